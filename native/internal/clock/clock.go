// Package clock provides a monotonic clock that keeps counting while the host sleeps, and an ID of the current boot. Leases are
// measured with it, so that they also expire during sleep.
package clock

import (
	"errors"
	"time"
)

// ErrNoBootID means that this operating system gives no boot ID, so that saved instants cannot be compared after a restart and
// nothing can be resumed.
var ErrNoBootID = errors.New("this system has no boot ID")

// Clock returns the time since a fixed moment. It never goes back.
type Clock interface {
	Now() time.Duration
}

// System is the host's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Duration { return Now() }
