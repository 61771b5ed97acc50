// Package relay carries bytes between a client on this machine and a connection inside or outside.
package relay

import (
	"io"
	"net"
	"sync"
)

// bufferSize of one direction, bytes.
const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// Both carries bytes both ways until both ends are done or one breaks. An end that is closed in one direction stays open in
// the other. A connection that broke is not told as one that ended: the other one is reset.
func Both(client, target net.Conn) {
	done := make(chan error, 2)
	go func() { done <- one(target, client) }()
	go func() { done <- one(client, target) }()
	first := <-done
	if first != nil {
		reset(client)
		reset(target)
	}
	second := <-done
	if first == nil && second != nil {
		reset(client)
		reset(target)
	}
	_ = client.Close()
	_ = target.Close()
}

// one copies one direction; at its end the receiver is told that no more comes.
func one(to, from net.Conn) error {
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

// reset closes a connection so that its other end sees it break.
func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// reader and writer hide the shortcuts of net.TCPConn, which would use buffers of their own.
type (
	reader struct{ io.Reader }
	writer struct{ io.Writer }
)
