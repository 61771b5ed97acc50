//go:build !linux

package udp

import "net"

func growBuffers(udp *net.UDPConn) {
	_ = udp.SetReadBuffer(bufferSize)
	_ = udp.SetWriteBuffer(bufferSize)
}

// setMark does nothing: only Linux marks packets.
func setMark([]*socket, uint32) error { return nil }
