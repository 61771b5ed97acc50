package flows

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isRefused is true if an error reports that nothing listens at the address of an earlier datagram.
func isRefused(err error) bool { return errors.Is(err, windows.WSAECONNRESET) }
