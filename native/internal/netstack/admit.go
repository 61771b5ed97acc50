package netstack

import "sag.software/native/internal/datapath/packet"

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
