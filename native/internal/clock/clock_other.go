//go:build !linux

package clock

import "time"

var start = time.Now().Round(0)

// Now is the time since the process was started, by the wall clock, which is the one that runs through sleep here.
func Now() time.Duration { return time.Now().Round(0).Sub(start) + time.Second }

// BootID is not to be had here.
func BootID() (string, error) { return "", ErrNoBootID }
