package kernel

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath/packet"
)

// flow is what the rules judge a packet by, beside its addresses and ports.
type flow struct {
	// protocol is what the packet belongs to; of an ICMP error, what the quoted packet belongs to.
	protocol policy.Protocol
	isError  bool
	// quotedFrom and quotedTo are the ends of the packet that an ICMP error is about.
	quotedFrom, quotedTo netip.AddrPort
}

// classify accepts what may be carried: TCP, UDP, echo, and errors about these. IPv4 options (source routes) and IPv6 extension
// headers but the fragment's are not carried, nor fragments made to hide ports: the second eight bytes of a packet on their own could
// overwrite what the ports were judged by.
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

// transport is what packets and fragments of a protocol are part of.
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

// quote reads the packet that an error is about.
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
