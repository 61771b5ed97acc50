package relay

import (
	"net"
	"syscall"
)

// idler is a connection of a network stack in this process.
type idler interface{ Idle() bool }

// Idle says, without waiting, that a connection is open and that there is nothing to read. A read with a short deadline would
// wait for a millisecond at least: https://github.com/golang/go/issues/53824.
func Idle(conn net.Conn) bool {
	switch conn := conn.(type) {
	case idler:
		return conn.Idle()
	case syscall.Conn:
		return nothingToRead(conn)
	}
	return true
}
