// Package captive opens the captive-portal exception: for a limited time, what a network's sign-in page takes may leave by one link
// although a kill switch or lockdown holds it back. The operating system ends the exception, whether or not a process is alive.
package captive

import (
	"time"

	"sag.software/native/internal/msg"
)

// ErrNotSupported is the error on operating systems that this is not written for.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedPortal()}

// Exception is an open exception.
type Exception struct {
	Link string
	// Left is the time until it ends.
	Left time.Duration
}
