package forward

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
)

// control binds a socket to the tunnel's link, or marks it to bypass the tunnel, or leaves it unchanged, depending on the
// upstream.
func (f *Forwarder) control(by upstream) func(network, address string, conn syscall.RawConn) error {
	return func(_, _ string, conn syscall.RawConn) error {
		var failed error
		err := conn.Control(func(fd uintptr) {
			switch by {
			case tunneled:
				failed = unix.BindToDevice(int(fd), f.config.Link)
			case needed:
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, marks.TunnelTraffic)
			}
		})
		return errors.Join(err, failed)
	}
}
