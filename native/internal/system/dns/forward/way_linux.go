package forward

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// control ties a socket to its way: to the tunnel's link, past the tunnel by its mark, or to none.
func (f *Forwarder) control(by way) func(network, address string, conn syscall.RawConn) error {
	return func(_, _ string, conn syscall.RawConn) error {
		var failed error
		err := conn.Control(func(fd uintptr) {
			switch by {
			case inside:
				failed = unix.BindToDevice(int(fd), f.config.Link)
			case needed:
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, int(f.config.Mark))
			}
		})
		return errors.Join(err, failed)
	}
}
