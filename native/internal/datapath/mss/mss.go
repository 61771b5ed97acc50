// Package mss keeps TCP from sending segments that the tunnel does not carry, also where ICMP's "packet too big" is dropped on the way:
// it lowers the MSS option of passing SYN packets (RFC 9293, section 3.7.1; RFC 6691).
package mss

import (
	"encoding/binary"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
)

const (
	tcpSize    = 20 // without options
	checksumAt = 16
	// Kinds of TCP options.
	endOfOptions, noOperation, maximumSegment = 0, 1, 2
	mssLength                                 = 4
)

// Stage lowers the MSS of each SYN to what fits an MTU, bytes, that a function gives for the packet.
func Stage(mtu func(*datapath.Packet) int) datapath.Stage {
	return func(b *datapath.Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			if p.TCPFlags&packet.SYN != 0 && p.Valid && !p.Fragment {
				Clamp(&p.Header, p.Raw, mtu(p))
			}
		}
	}
}

// Clamp lowers the MSS option of a TCP packet to what fits an MTU, bytes. A packet without the option, or with a smaller one, stays as it
// is: without it, 536 or 1220 bytes are the limit.
func Clamp(h *packet.Header, raw []byte, mtu int) {
	tcp := h.Payload(raw)
	if len(tcp) < tcpSize {
		return
	}
	size := int(tcp[12]>>4) * 4
	if size < tcpSize || size > len(tcp) {
		return
	}
	network := packet.IPv4Size
	if h.Version == 6 {
		network = packet.IPv6Size
	}
	limit := mtu - network - tcpSize
	for at := tcpSize; at < size; {
		switch tcp[at] {
		case endOfOptions:
			return
		case noOperation:
			at++
			continue
		}
		if at+1 >= size || tcp[at+1] < 2 || at+int(tcp[at+1]) > size {
			return
		}
		length := int(tcp[at+1])
		if tcp[at] == maximumSegment && length == mssLength {
			lower(tcp, at+2, limit)
			return
		}
		at += length
	}
}

// lower sets the MSS and updates the checksum (RFC 1624, equation 3).
func lower(tcp []byte, at, limit int) {
	former := binary.BigEndian.Uint16(tcp[at:])
	if int(former) <= limit {
		return
	}
	now := uint16(limit)
	binary.BigEndian.PutUint16(tcp[at:], now)
	if at%2 != 0 { // the sum is over words, and this value is in two of them
		former, now = former<<8|former>>8, now<<8|now>>8
	}
	sum := uint32(^binary.BigEndian.Uint16(tcp[checksumAt:])) + uint32(^former) + uint32(now)
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(tcp[checksumAt:], ^uint16(sum))
}
