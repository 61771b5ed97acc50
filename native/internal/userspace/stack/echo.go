package stack

import (
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// EchoHandler is asked about an ICMP echo request, on WireGuard's receiving goroutine: it must not block. The packet is
// its own.
type EchoHandler func(*EchoRequest)

// EchoRequest is an ICMP echo request that a client sent to an address behind the access point.
type EchoRequest struct {
	Src, Dst netip.Addr
	link     *link
	packet   []byte
	ipSize   int
	v6       bool
}

// takeEcho hands an echo request to the handler, if it is one. The packet has been admitted.
func (l *link) takeEcho(raw []byte, handle EchoHandler) bool {
	request := &EchoRequest{link: l}
	if raw[0]>>4 == 4 {
		ip := header.IPv4(raw)
		if len(raw) < header.IPv4MinimumSize || !ip.IsValid(len(raw)) || ip.More() || ip.FragmentOffset() != 0 ||
			ip.TransportProtocol() != header.ICMPv4ProtocolNumber || len(ip.Payload()) < header.ICMPv4MinimumSize ||
			header.ICMPv4(ip.Payload()).Type() != header.ICMPv4Echo {
			return false
		}
		request.ipSize = int(ip.HeaderLength())
		request.Src, request.Dst = toAddr(ip.SourceAddress()), toAddr(ip.DestinationAddress())
	} else {
		ip := header.IPv6(raw)
		if len(raw) < header.IPv6MinimumSize || !ip.IsValid(len(raw)) || ip.TransportProtocol() != header.ICMPv6ProtocolNumber ||
			len(ip.Payload()) < header.ICMPv6EchoMinimumSize || header.ICMPv6(ip.Payload()).Type() != header.ICMPv6EchoRequest {
			return false
		}
		request.v6, request.ipSize = true, header.IPv6MinimumSize
		request.Src, request.Dst = toAddr(ip.SourceAddress()), toAddr(ip.DestinationAddress())
	}
	request.packet = slices.Clone(raw)
	handle(request)
	return true
}

// Payload is what follows the ICMP echo header.
func (r *EchoRequest) Payload() []byte { return r.packet[r.ipSize+header.ICMPv4MinimumSize:] }

// Sequence is the request's sequence number.
func (r *EchoRequest) Sequence() uint16 {
	return header.ICMPv4(r.packet[r.ipSize:]).Sequence()
}

// Reply answers the request.
func (r *EchoRequest) Reply() error {
	packet := slices.Clone(r.packet)
	icmp := packet[r.ipSize:]
	src, dst := fromAddr(r.Dst), fromAddr(r.Src)
	if r.v6 {
		ip := header.IPv6(packet)
		ip.SetSourceAddress(src)
		ip.SetDestinationAddress(dst)
		ip.SetHopLimit(hopLimit)
		reply := header.ICMPv6(icmp)
		reply.SetType(header.ICMPv6EchoReply)
		reply.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: reply, Src: src, Dst: dst}))
		return r.link.inject(packet)
	}
	ip := header.IPv4(packet)
	ip.SetSourceAddress(src)
	ip.SetDestinationAddress(dst)
	ip.SetTTL(hopLimit)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	reply := header.ICMPv4(icmp)
	reply.SetType(header.ICMPv4EchoReply)
	reply.SetChecksum(0)
	reply.SetChecksum(^checksum.Checksum(reply, 0))
	return r.link.inject(packet)
}
