//go:build !linux

package captive

import "time"

// Open is not implemented on this system.
func Open(string, time.Duration) error { return ErrNotSupported }

// Find returns nil: there are no exceptions on this system.
func Find() (*Exception, error) { return nil, nil }
