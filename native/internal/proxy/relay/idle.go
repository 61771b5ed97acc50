package relay

import (
	"net"
	"syscall"
)

// idler is a connection of the TCP/IP stack in this process.
type idler interface{ Idle() bool }

// Idle reports, without blocking, whether a connection is open and has no unread data. A read with a short deadline would
// wait at least a millisecond: https://github.com/golang/go/issues/53824.
func Idle(conn net.Conn) bool {
	switch conn := conn.(type) {
	case idler:
		return conn.Idle()
	case syscall.Conn:
		return nothingToRead(conn)
	}
	return true
}
