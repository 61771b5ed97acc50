//go:build !linux

package route

// nativeRoute and nativeSteering are empty on systems without additional properties of routes.
type (
	nativeRoute    struct{}
	nativeSteering struct{}
)

func (nativeRoute) String() string    { return "" }
func (nativeSteering) String() string { return "" }
func (nativeSteering) Line() string   { return "" }
