package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
)

// hopLimit of packets that are created here.
const hopLimit = 64

// reason is an "unreachable" code in ICMP and ICMPv6.
type reason struct {
	v4 header.ICMPv4Code
	v6 header.ICMPv6Code
}

var (
	hostUnreachable = reason{header.ICMPv4HostUnreachable, header.ICMPv6AddressUnreachable}
	portUnreachable = reason{header.ICMPv4PortUnreachable, header.ICMPv6PortUnreachable}
	prohibited      = reason{header.ICMPv4AdminProhibited, header.ICMPv6Prohibited}
)

// beginning copies the headers of a received packet, which an ICMP error quotes.
func beginning(packet *gstack.PacketBuffer) []byte {
	network, transport := packet.NetworkHeader().Slice(), packet.TransportHeader().Slice()
	return append(append(make([]byte, 0, len(network)+len(transport)), network...), transport...)
}

// sendUnreachable sends an ICMP error about a packet to its sender, from the packet's destination address.
func (l *link) sendUnreachable(original []byte, why reason) {
	var packet []byte
	switch {
	case len(original) >= header.IPv4MinimumSize && original[0]>>4 == 4:
		packet = unreachableV4(original, why.v4)
	case len(original) >= header.IPv6MinimumSize && original[0]>>4 == 6:
		packet = unreachableV6(original, why.v6)
	default:
		return
	}
	_ = l.inject(packet) // if the queue is full, the error is lost and the sender retries or times out
}

func unreachableV4(original []byte, code header.ICMPv4Code) []byte {
	quoted := header.IPv4(original)
	packet := make([]byte, header.IPv4MinimumSize+header.ICMPv4MinimumSize+len(original))
	copy(packet[header.IPv4MinimumSize+header.ICMPv4MinimumSize:], original)
	ip := header.IPv4(packet)
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(packet)),
		TTL:         hopLimit,
		Protocol:    uint8(header.ICMPv4ProtocolNumber),
		SrcAddr:     quoted.DestinationAddress(),
		DstAddr:     quoted.SourceAddress(),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	icmp := header.ICMPv4(packet[header.IPv4MinimumSize:])
	icmp.SetType(header.ICMPv4DstUnreachable)
	icmp.SetCode(code)
	icmp.SetChecksum(^checksum.Checksum(icmp, 0))
	return packet
}

func unreachableV6(original []byte, code header.ICMPv6Code) []byte {
	quoted := header.IPv6(original)
	src, dst := quoted.DestinationAddress(), quoted.SourceAddress()
	packet := make([]byte, header.IPv6MinimumSize+header.ICMPv6DstUnreachableMinimumSize+len(original))
	copy(packet[header.IPv6MinimumSize+header.ICMPv6DstUnreachableMinimumSize:], original)
	header.IPv6(packet).Encode(&header.IPv6Fields{
		PayloadLength:     uint16(len(packet) - header.IPv6MinimumSize),
		TransportProtocol: header.ICMPv6ProtocolNumber,
		HopLimit:          hopLimit,
		SrcAddr:           src,
		DstAddr:           dst,
	})
	icmp := header.ICMPv6(packet[header.IPv6MinimumSize:])
	icmp.SetType(header.ICMPv6DstUnreachable)
	icmp.SetCode(code)
	icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: src, Dst: dst}))
	return packet
}
