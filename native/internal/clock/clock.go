// Package clock counts time through sleep, and names this boot of the machine: leases end when they end, whether the machine
// was awake or not.
package clock

import (
	"errors"
	"time"
)

// ErrNoBootID means that this operating system does not name its boots here: nothing can be resumed.
var ErrNoBootID = errors.New("the boot of this machine has no name")

// Clock tells the time since some fixed moment. It never goes back.
type Clock interface {
	Now() time.Duration
}

// System is the machine's own.
type System struct{}

// Now implements Clock.
func (System) Now() time.Duration { return Now() }
