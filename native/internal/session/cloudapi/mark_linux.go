package cloudapi

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// marker sets the fwmark of a socket before it connects.
func marker(mark uint32) func(network, address string, raw syscall.RawConn) error {
	if mark == 0 {
		return nil
	}
	return func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, int(mark)) })
		return errors.Join(err, failed)
	}
}
