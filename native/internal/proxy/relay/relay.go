// Package relay carries bytes between a local client and its upstream connection.
package relay

import (
	"io"
	"net"
	"sync"

	"sag.software/native/internal/panics"
)

// bufferSize of one direction, bytes.
const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// Both carries bytes both ways until both ends are done or one breaks. An end that is closed in one direction stays open in
// the other. A connection that broke does not look like one that ended: the other one is reset, also when this process is
// killed.
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

// one copies one direction, and ends it at the receiver.
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

// aborter is a connection of a network stack in this process.
type aborter interface{ Abort() }

// lingerer is a TCP connection of the kernel.
type lingerer interface{ SetLinger(sec int) error }

// Reset closes a connection so that its other end sees it break.
func Reset(conn net.Conn) {
	switch conn := conn.(type) {
	case aborter:
		conn.Abort()
	case lingerer:
		_ = conn.SetLinger(0)
	}
	_ = conn.Close()
}

// Breakable says whether the kernel resets a connection when it is closed, as it is when this process is killed. What has
// been written but not sent is lost then, so it has to be off for an orderly end.
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

// reader and writer hide the shortcuts of net.TCPConn, which would use buffers of their own.
type (
	reader struct{ io.Reader }
	writer struct{ io.Writer }
)
