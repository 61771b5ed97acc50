//go:build linux || darwin

package control

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// noUID is no user's id.
const noUID = ^uint32(0)

var errNoSocket = errors.New("not a Unix socket")

// callerOf is the user id of the process at the other end, by the kernel's word.
func callerOf(conn net.Conn) (uint32, error) {
	for {
		c, ok := conn.(*counted)
		if !ok {
			break
		}
		conn = c.Conn
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return noUID, errNoSocket
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return noUID, err
	}
	uid := noUID
	var failed error
	if err := raw.Control(func(fd uintptr) { uid, failed = peerUID(int(fd)) }); err != nil {
		return noUID, err
	}
	return uid, failed
}

// listen makes a socket that no other user can open from its first moment on.
func listen(path string) (net.Listener, error) {
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // Shutdown removes it when the last answer is given
	return listener, os.Chmod(path, 0o600)
}
