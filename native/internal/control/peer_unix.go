//go:build linux || darwin

package control

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// noUID is returned with errors; it is no valid user id.
const noUID = ^uint32(0)

var errNoSocket = errors.New("not a Unix socket")

// callerOf returns the user id of the process at the other end of a Unix socket, as the kernel reports it (SO_PEERCRED).
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

// listen makes a socket under a umask, so that other users cannot open it even before the chmod.
func listen(path string) (net.Listener, error) {
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // Shutdown removes it after the last answer
	return listener, os.Chmod(path, 0o600)
}
