// Package captive opens the captive-portal exception: for a limited time, the traffic that a network's sign-in page needs may
// leave by one link although a kill switch or lockdown is active. The kernel ends the exception, whether or not the process is
// running.
package captive

import (
	"time"

	"sag.software/native/internal/msg"
)

// ErrNotSupported is returned on operating systems without an implementation.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedPortal()}

// Exception is an open exception.
type Exception struct {
	Link string
	// Left is the remaining time.
	Left time.Duration
}
