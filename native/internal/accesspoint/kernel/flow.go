package kernel

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath/packet"
)

// flow is what the rules match of a packet, besides its addresses and ports.
type flow struct {
	// protocol is the packet's protocol; for an ICMP error, the protocol of the quoted packet.
	protocol policy.Protocol
	isError  bool
	// quotedFrom and quotedTo are the source and destination of the packet quoted in an ICMP error.
	quotedFrom, quotedTo netip.AddrPort
}

// classify accepts TCP, UDP, echo, and ICMP errors about these. It refuses IPv4 options (source routing), IPv6 extension headers
// except Fragment, and fragments at offset 8, which could overwrite the ports that the rules have checked (RFC 1858, RFC 3128).
func classify(h *packet.Header, raw []byte) (f flow, ok bool) {
	if !h.Valid || h.Options || h.Length != len(raw) || h.FragmentOffset == 8 {
		return f, false
	}
	f.protocol, ok = transport(h.Protocol)
	if !ok || h.FragmentOffset != 0 {
		return f, ok
	}
	if !h.HasTransport {
		return f, false
	}
	if f.protocol != policy.Echo {
		return f, true
	}
	return classifyICMP(f, h, raw)
}

// transport returns the policy protocol of an IP protocol number.
func transport(protocol byte) (policy.Protocol, bool) {
	switch protocol {
	case packet.TCP:
		return policy.TCP, true
	case packet.UDP:
		return policy.UDP, true
	case packet.ICMP, packet.ICMPv6:
		return policy.Echo, true
	}
	return "", false
}

func classifyICMP(f flow, h *packet.Header, raw []byte) (flow, bool) {
	if !h.IsICMP() {
		return f, false
	}
	if h.Version == 4 {
		switch h.ICMPType {
		case packet.EchoReply, packet.EchoRequest:
			return f, true
		case packet.Unreachable, packet.TimeExceeded:
			return quote(f, h, raw)
		}
		return f, false
	}
	switch h.ICMPType {
	case packet.EchoRequestV6, packet.EchoReplyV6:
		return f, true
	case packet.UnreachableV6, packet.TooBigV6, packet.TimeExceededV6:
		return quote(f, h, raw)
	}
	return f, false
}

// quote parses the packet quoted in an ICMP error.
func quote(f flow, h *packet.Header, raw []byte) (flow, bool) {
	var quoted packet.Header
	packet.ParseQuoted(h.Payload(raw)[packet.ICMPSize:], &quoted)
	if !quoted.Valid || quoted.Version != h.Version || quoted.Options || !quoted.HasTransport {
		return f, false
	}
	f.isError, f.quotedFrom, f.quotedTo = true, quoted.Source(), quoted.Destination()
	var ok bool
	f.protocol, ok = transport(quoted.Protocol)
	return f, ok
}
