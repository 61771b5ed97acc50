// Package relay copies bytes between a local client and its upstream connection.
package relay

import (
	"io"
	"net"
	"sync"

	"sag.software/native/internal/panics"
)

// bufferSize is the buffer of one direction, bytes.
const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// Both copies in both directions until both ends are closed or one fails. A half-closed connection keeps its other
// direction. If one side fails, the other one is reset instead of closed, so that truncated data is not taken for complete;
// the kernel does the same if this process is killed.
func Both(client, target net.Conn) {
	Breakable(client, true)
	Breakable(target, true)
	done := make(chan error, 2)
	go func() { done <- one(target, client) }()
	go func() { done <- one(client, target) }()
	first := <-done
	if first != nil {
		Reset(client)
		Reset(target)
	}
	second := <-done
	if first == nil && second != nil {
		Reset(client)
		Reset(target)
	}
	Breakable(client, false)
	Breakable(target, false)
	_ = client.Close()
	_ = target.Close()
}

// one copies one direction and then closes the receiver's side of it.
func one(to, from net.Conn) (err error) {
	defer panics.Error(&err, "a connection through the tunnel")
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	if _, err := io.CopyBuffer(writer{to}, reader{from}, *buffer); err != nil {
		return err
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return to.Close()
}

// aborter is a connection of the TCP/IP stack in this process.
type aborter interface{ Abort() }

// lingerer is a TCP connection of the kernel.
type lingerer interface{ SetLinger(sec int) error }

// Reset closes a connection with a TCP reset.
func Reset(conn net.Conn) {
	switch conn := conn.(type) {
	case aborter:
		conn.Abort()
	case lingerer:
		_ = conn.SetLinger(0)
	}
	_ = conn.Close()
}

// Breakable sets whether the kernel resets a connection that is closed, which also happens when this process is killed. A
// reset discards data that has not been sent yet, so it must be turned off before an orderly close.
func Breakable(conn net.Conn, is bool) {
	linger, ok := conn.(lingerer)
	switch {
	case !ok:
	case is:
		_ = linger.SetLinger(0)
	default:
		_ = linger.SetLinger(-1)
	}
}

// reader and writer hide net.TCPConn's ReadFrom and WriteTo, which would allocate buffers of their own.
type (
	reader struct{ io.Reader }
	writer struct{ io.Writer }
)
