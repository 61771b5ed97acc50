package netstack

import (
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/packet"
)

// EchoHandler is called for an ICMP echo request, on WireGuard's receiving goroutine: it must not block. It owns the
// packet.
type EchoHandler func(*EchoRequest)

// EchoRequest is an ICMP echo request from a client to an address behind the access point.
type EchoRequest struct {
	Src, Dst netip.Addr
	link     *link
	packet   []byte
	ipSize   int
	v6       bool
}

// takeEcho passes a packet to the handler if it is an echo request.
func (l *link) takeEcho(h *packet.Header, raw []byte, handle EchoHandler) bool {
	if !h.Valid || !h.IsEchoRequest() || h.Version == 6 && h.Options {
		return false
	}
	handle(&EchoRequest{
		Src: h.Src, Dst: h.Dst, link: l, packet: slices.Clone(raw[:h.Length]), ipSize: h.TransportAt, v6: h.Version == 6,
	})
	return true
}

// Payload returns the data after the ICMP echo header.
func (r *EchoRequest) Payload() []byte { return r.packet[r.ipSize+header.ICMPv4MinimumSize:] }

// Sequence returns the request's sequence number.
func (r *EchoRequest) Sequence() uint16 {
	return header.ICMPv4(r.packet[r.ipSize:]).Sequence()
}

// Prohibit sends an ICMP "administratively prohibited" to the client.
func (r *EchoRequest) Prohibit() { r.link.sendUnreachable(r.beginning(), prohibited) }

// Unreachable sends an ICMP "host unreachable" to the client.
func (r *EchoRequest) Unreachable() { r.link.sendUnreachable(r.beginning(), hostUnreachable) }

// beginning is the part of the request that an ICMP error quotes.
func (r *EchoRequest) beginning() []byte { return r.packet[:r.ipSize+header.ICMPv4MinimumSize] }

// Reply sends the echo reply.
func (r *EchoRequest) Reply() error {
	raw := slices.Clone(r.packet)
	icmp := raw[r.ipSize:]
	src, dst := fromAddr(r.Dst), fromAddr(r.Src)
	if r.v6 {
		ip := header.IPv6(raw)
		ip.SetSourceAddress(src)
		ip.SetDestinationAddress(dst)
		ip.SetHopLimit(hopLimit)
		reply := header.ICMPv6(icmp)
		reply.SetType(header.ICMPv6EchoReply)
		reply.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: reply, Src: src, Dst: dst}))
		return r.link.injectWhole(raw)
	}
	ip := header.IPv4(raw)
	ip.SetSourceAddress(src)
	ip.SetDestinationAddress(dst)
	ip.SetTTL(hopLimit)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	reply := header.ICMPv4(icmp)
	reply.SetType(header.ICMPv4EchoReply)
	reply.SetChecksum(0)
	reply.SetChecksum(^checksum.Checksum(reply, 0))
	return r.link.injectWhole(raw)
}
