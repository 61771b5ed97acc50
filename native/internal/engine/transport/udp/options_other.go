//go:build !linux

package udp

import "net"

func growBuffers(udp *net.UDPConn) {
	_ = udp.SetReadBuffer(bufferSize)
	_ = udp.SetWriteBuffer(bufferSize)
}

// setMark does nothing: SO_MARK exists only on Linux.
func setMark([]*socket, uint32) error { return nil }
