package netstack

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
)

// segmenter splits a packet of the stack into packets that fit the MTU. Only large TCP packets are split.
type segmenter struct {
	packet *gstack.PacketBuffer
	// headers are the IP and TCP headers, copied into each packet.
	headers  []byte
	ipSize   int
	v6       bool
	finish   bool // the stack leaves TCP checksums to the segmenter
	maximum  int  // payload per packet, bytes
	payload  [][]byte
	left     int // remaining payload bytes
	sequence uint32
	id       uint16 // IPv4 identification
	first    bool
}

func (s *segmenter) more() bool { return s.packet != nil }

func (s *segmenter) stop() {
	if s.packet != nil {
		s.packet.DecRef()
	}
	*s = segmenter{headers: s.headers[:0], payload: s.payload[:0]}
}

// isCut is true for TCP packets whose segments and checksums are left to the segmenter.
func isCut(packet *gstack.PacketBuffer) bool {
	return packet.GSOOptions.Type != gstack.GSONone && packet.GSOOptions.NeedsCsum
}

// start takes over the packet's reference.
func (s *segmenter) start(packet *gstack.PacketBuffer, mtu int) {
	s.packet = packet
	network, transport := packet.NetworkHeader().Slice(), packet.TransportHeader().Slice()
	s.headers = append(append(s.headers[:0], network...), transport...)
	s.payload = s.payload[:0]
	skip := len(s.headers)
	for _, piece := range packet.AsSlices() {
		if skip >= len(piece) {
			skip -= len(piece)
			continue
		}
		s.payload = append(s.payload, piece[skip:])
		skip = 0
	}
	s.left = packet.Size() - len(s.headers)
	s.first = true
	s.finish = isCut(packet)
	s.maximum = s.left
	if !s.finish {
		return
	}
	s.ipSize = len(network)
	s.v6 = packet.GSOOptions.Type == gstack.GSOTCPv6
	s.maximum = int(packet.GSOOptions.MSS)
	if fits := mtu - len(s.headers); s.maximum == 0 || s.maximum > fits {
		s.maximum = fits
	}
	s.sequence = header.TCP(s.headers[s.ipSize:]).SequenceNumber()
	if !s.v6 {
		s.id = header.IPv4(s.headers).ID()
	}
}

// next writes one packet and returns its size.
func (s *segmenter) next(to []byte) int {
	size := copy(to, s.headers)
	size += s.take(to[size:], min(s.left, s.maximum))
	if s.finish {
		s.complete(to[:size])
	}
	if s.first = false; s.left == 0 {
		s.stop()
	}
	return size
}

func (s *segmenter) take(to []byte, want int) int {
	taken := 0
	for taken < want {
		n := copy(to[taken:want], s.payload[0])
		taken += n
		if s.payload[0] = s.payload[0][n:]; len(s.payload[0]) == 0 {
			s.payload = s.payload[1:]
		}
	}
	s.left -= taken
	return taken
}

// complete sets the lengths, sequence number, flags and checksums of one packet of a larger one.
func (s *segmenter) complete(piece []byte) {
	var src, dst tcpip.Address
	if s.v6 {
		ip := header.IPv6(piece)
		ip.SetPayloadLength(uint16(len(piece) - header.IPv6MinimumSize))
		src, dst = ip.SourceAddress(), ip.DestinationAddress()
	} else {
		ip := header.IPv4(piece)
		ip.SetTotalLength(uint16(len(piece)))
		ip.SetID(s.id)
		s.id++
		ip.SetChecksum(0)
		ip.SetChecksum(^ip.CalculateChecksum())
		src, dst = ip.SourceAddress(), ip.DestinationAddress()
	}
	segment := piece[s.ipSize:]
	tcp := header.TCP(segment)
	tcp.SetSequenceNumber(s.sequence)
	s.sequence += uint32(len(segment)) - uint32(tcp.DataOffset())
	if s.left > 0 {
		tcp.SetFlags(uint8(tcp.Flags() &^ (header.TCPFlagFin | header.TCPFlagPsh)))
	}
	if !s.first {
		tcp.SetFlags(uint8(tcp.Flags() &^ header.TCPFlagCwr))
	}
	binary.BigEndian.PutUint16(segment[header.TCPChecksumOffset:], 0)
	sum := header.PseudoHeaderChecksum(header.TCPProtocolNumber, src, dst, uint16(len(segment)))
	tcp.SetChecksum(^checksum.Checksum(segment, sum))
}
