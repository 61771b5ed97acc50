//go:build unix

package relay

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// nothingToRead peeks at a kernel socket: EOF and errors also count as something to read.
func nothingToRead(conn syscall.Conn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	nothing := false
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		nothing = errors.Is(err, unix.EAGAIN)
		return true
	})
	return err == nil && nothing
}
