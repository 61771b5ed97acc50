package stack

import (
	"bytes"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// admit tells whether an access point's stack may see a client's packet. That stack takes every address for its own: left
// alone it would answer pings to anywhere, and believe ICMP errors about other clients' connections.
func admit(raw []byte) bool {
	switch raw[0] >> 4 {
	case 4:
		return admitV4(raw)
	case 6:
		return admitV6(raw)
	}
	return false
}

func admitV4(raw []byte) bool {
	ip := header.IPv4(raw)
	if len(raw) < header.IPv4MinimumSize || !ip.IsValid(len(raw)) {
		return false
	}
	switch ip.TransportProtocol() {
	case header.TCPProtocolNumber, header.UDPProtocolNumber:
		return true
	case header.ICMPv4ProtocolNumber:
		icmp := header.ICMPv4(ip.Payload())
		if ip.More() || ip.FragmentOffset() != 0 || len(icmp) < header.ICMPv4MinimumSize {
			return false
		}
		if icmp.Type() == header.ICMPv4Echo {
			return true
		}
		quoted := icmp[header.ICMPv4MinimumSize:]
		const destination = 16
		return icmp.Type() == header.ICMPv4DstUnreachable && len(quoted) >= header.IPv4MinimumSize &&
			isSame(ip.SourceAddress(), quoted[destination:destination+header.IPv4AddressSize])
	}
	return false
}

func admitV6(raw []byte) bool {
	ip := header.IPv6(raw)
	if len(raw) < header.IPv6MinimumSize || !ip.IsValid(len(raw)) {
		return false
	}
	switch ip.TransportProtocol() {
	case header.TCPProtocolNumber, header.UDPProtocolNumber:
		return true
	case tcpip.TransportProtocolNumber(header.IPv6FragmentExtHdrIdentifier):
		carried := ip.Payload()
		return len(carried) >= header.IPv6FragmentHeaderSize &&
			(carried[0] == uint8(header.TCPProtocolNumber) || carried[0] == uint8(header.UDPProtocolNumber))
	case header.ICMPv6ProtocolNumber:
		icmp := header.ICMPv6(ip.Payload())
		if len(icmp) < header.ICMPv6EchoMinimumSize {
			return false
		}
		if icmp.Type() == header.ICMPv6EchoRequest {
			return true
		}
		quoted := icmp[header.ICMPv6ErrorHeaderSize:]
		const destination = 24
		return (icmp.Type() == header.ICMPv6DstUnreachable || icmp.Type() == header.ICMPv6PacketTooBig) &&
			len(quoted) >= header.IPv6MinimumSize &&
			isSame(ip.SourceAddress(), quoted[destination:destination+header.IPv6AddressSize])
	}
	return false
}

// isSame: only who was to get a packet may complain about it.
func isSame(sender tcpip.Address, quoted []byte) bool { return bytes.Equal(sender.AsSlice(), quoted) }
