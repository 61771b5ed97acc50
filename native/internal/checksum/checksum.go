// Package checksum computes the Internet checksum (RFC 1071). A packet carries the complement of the sum; the sum over a packet
// with a correct checksum is Whole.
package checksum

import "encoding/binary"

// Whole is the sum over data that contains its own correct checksum.
const Whole = 0xffff

const (
	ipv6Size      = 40
	ipv6Addresses = 8
)

// Sum adds data, as big-endian 16-bit words, to a sum computed before.
func Sum(before uint32, bytes []byte) uint16 {
	sum := before
	for ; len(bytes) >= 2; bytes = bytes[2:] {
		sum += uint32(binary.BigEndian.Uint16(bytes))
	}
	if len(bytes) == 1 {
		sum += uint32(bytes[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// IPv6 is the sum over the payload of a whole IPv6 packet without extension headers, and its pseudo-header.
func IPv6(packet []byte, protocol byte) uint16 {
	return Sum(uint32(len(packet)-ipv6Size)+uint32(protocol), packet[ipv6Addresses:])
}
