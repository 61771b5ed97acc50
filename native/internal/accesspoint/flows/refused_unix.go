//go:build unix

package flows

import (
	"errors"
	"syscall"
)

// isRefused is true if an error reports that nothing listens at the address of an earlier datagram.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
