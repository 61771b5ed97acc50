//go:build !linux

package clock

import "time"

// System is the wall clock, for want of one that counts through sleep: the access point is not supported here yet.
type System struct{}

// Now implements Clock.
func (System) Now() time.Duration { return time.Duration(time.Now().UnixNano()) }
