//go:build !linux

package route

// nativeRoute and nativeSteering hold nothing on systems that say no more than what a Route and a Steering hold.
type (
	nativeRoute    struct{}
	nativeSteering struct{}
)

func (nativeRoute) String() string    { return "" }
func (nativeSteering) String() string { return "" }
func (nativeSteering) Line() string   { return "" }
