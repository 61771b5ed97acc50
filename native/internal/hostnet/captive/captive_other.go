//go:build !linux

package captive

import "time"

// Open is not written for this operating system yet.
func Open(string, time.Duration) error { return ErrNotSupported }

// Find says that there is none.
func Find() (*Exception, error) { return nil, nil }
