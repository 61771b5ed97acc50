package netstack

import (
	"encoding/binary"

	"sag.software/native/internal/datapath/packet"
)

// leastMTU4 and leastMTU6 are the smallest path MTUs that are accepted from an ICMP error, bytes: what every IPv4 host reassembles
// (RFC 791, section 3.1) and what every IPv6 link carries (RFC 8201, section 4). gVisor has no limit of its own: for an MTU of 68 or 0
// it sends TCP segments of a few bytes or of one.
const leastMTU4, leastMTU6 = 576, minimumMTU

// lowersMTU reports whether a packet is an ICMP error with a path MTU below the least. An ICMP packet or first fragment without the
// eight bytes that show it counts as one too (RFC 7112 forbids such fragments).
func lowersMTU(h *packet.Header, raw []byte) bool {
	if !h.IsICMP() || h.FragmentOffset != 0 {
		return false
	}
	if !h.HasTransport {
		return true
	}
	icmp := h.Payload(raw)
	if h.Version == 4 {
		return h.ICMPType == packet.Unreachable && h.ICMPCode == packet.TooBigCode && binary.BigEndian.Uint16(icmp[6:]) < leastMTU4
	}
	return h.ICMPType == packet.TooBigV6 && binary.BigEndian.Uint32(icmp[4:]) < leastMTU6
}

// admit decides whether an access point's stack may handle a client's packet. That stack accepts every address as its own:
// without this check it would answer pings to any address, and accept ICMP errors about other clients' connections.
func admit(h *packet.Header, raw []byte) bool {
	if !h.Valid || h.Version == 6 && h.Options {
		return false
	}
	switch {
	case h.Protocol == packet.TCP, h.Protocol == packet.UDP:
		return true
	case !h.IsICMP() || h.Fragment || !h.HasTransport:
		return false
	case h.IsEchoRequest():
		return true
	case h.Version == 4 && h.ICMPType != packet.Unreachable:
		return false
	case h.Version == 6 && h.ICMPType != packet.UnreachableV6 && h.ICMPType != packet.TooBigV6:
		return false
	}
	var quoted packet.Header
	packet.ParseQuoted(h.Payload(raw)[packet.ICMPSize:], &quoted)
	// Only the destination of the quoted packet may send an error about it.
	return quoted.Valid && quoted.Version == h.Version && quoted.Dst == h.Src
}
