//go:build !linux

package clock

import "time"

var start = time.Now().Round(0)

// Now returns the time since the process started, by the wall clock: Go's monotonic clock may stop during sleep on these systems.
func Now() time.Duration { return time.Now().Round(0).Sub(start) + time.Second }

// BootID returns ErrNoBootID: it is not implemented on this system.
func BootID() (string, error) { return "", ErrNoBootID }
