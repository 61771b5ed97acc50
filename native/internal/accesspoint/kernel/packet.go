package kernel

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/accesspoint/policy"
)

const (
	ipv4Size, ipv6Size, fragmentSize = 20, 40, 8
	// icmpSize is the header of an echo message, and of an error before the packet that it quotes.
	icmpSize = 8

	protocolICMPv4, protocolTCP, protocolUDP, protocolFragment, protocolICMPv6 = 1, 6, 17, 44, 58
)

// packet is what the filter needs to know of an IP packet.
type packet struct {
	protocol policy.Protocol
	// from and to have no port where the packet has none: echo, errors, later fragments.
	from, to netip.AddrPort
	// quoted are the ends of the packet that an ICMP error is about; invalid = it is no error.
	quotedFrom, quotedTo netip.AddrPort
	// first is false for later fragments.
	first bool
}

func (p packet) isError() bool { return p.quotedFrom.IsValid() }

// parse reads what may be carried: TCP, UDP, echo, and errors about these. IPv4 options (source routes) and IPv6 extension
// headers but the fragment's are not carried, nor fragments made to hide ports.
func parse(raw []byte) (packet, bool) {
	p, protocol, body, ok := parseHeader(raw)
	if !ok {
		return p, false
	}
	if !p.first {
		p.protocol, ok = transport(protocol)
		return p, ok
	}
	switch protocol {
	case protocolTCP, protocolUDP:
		p.protocol, _ = transport(protocol)
		const portsAndMore = 8
		if len(body) < portsAndMore {
			return p, false
		}
		p.from, p.to = withPorts(p.from, p.to, body)
		return p, true
	case protocolICMPv4, protocolICMPv6:
		return parseICMP(p, protocol, body)
	}
	return p, false
}

// transport is what a later fragment is part of.
func transport(protocol byte) (policy.Protocol, bool) {
	switch protocol {
	case protocolTCP:
		return policy.TCP, true
	case protocolUDP:
		return policy.UDP, true
	case protocolICMPv4, protocolICMPv6:
		return policy.Echo, true
	}
	return "", false
}

func withPorts(from, to netip.AddrPort, body []byte) (netip.AddrPort, netip.AddrPort) {
	return netip.AddrPortFrom(from.Addr(), binary.BigEndian.Uint16(body)),
		netip.AddrPortFrom(to.Addr(), binary.BigEndian.Uint16(body[2:]))
}

func parseHeader(raw []byte) (p packet, protocol byte, body []byte, ok bool) {
	if len(raw) == 0 {
		return p, 0, nil, false
	}
	switch raw[0] >> 4 {
	case 4:
		if len(raw) < ipv4Size || raw[0] != 4<<4|ipv4Size/4 || int(binary.BigEndian.Uint16(raw[2:])) != len(raw) {
			return p, 0, nil, false
		}
		p.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[12:16])), 0)
		p.to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[16:20])), 0)
		const offsetBits = 0x1fff
		offset := binary.BigEndian.Uint16(raw[6:]) & offsetBits
		p.first = offset == 0
		// The second eight bytes of a packet on their own could overwrite what the ports were judged by.
		return p, raw[9], raw[ipv4Size:], offset != 1
	case 6:
		if len(raw) < ipv6Size || int(binary.BigEndian.Uint16(raw[4:])) != len(raw)-ipv6Size {
			return p, 0, nil, false
		}
		p.from = netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[8:24])), 0)
		p.to = netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[24:40])), 0)
		p.first, protocol, body = true, raw[6], raw[ipv6Size:]
		if protocol == protocolFragment {
			if len(body) < fragmentSize {
				return p, 0, nil, false
			}
			offset := binary.BigEndian.Uint16(body[2:]) >> 3
			p.first, protocol, body = offset == 0, body[0], body[fragmentSize:]
			return p, protocol, body, offset != 1
		}
		return p, protocol, body, true
	}
	return p, 0, nil, false
}

func parseICMP(p packet, protocol byte, body []byte) (packet, bool) {
	if len(body) < icmpSize {
		return p, false
	}
	p.protocol = policy.Echo
	isError := false
	if protocol == protocolICMPv4 {
		switch body[0] {
		case 0, 8: // echo
		case 3, 11: // unreachable, time exceeded
			isError = true
		default:
			return p, false
		}
	} else {
		switch body[0] {
		case 128, 129: // echo
		case 1, 2, 3: // unreachable, too big, time exceeded
			isError = true
		default:
			return p, false
		}
	}
	if p.from.Addr().Is4() != (protocol == protocolICMPv4) {
		return p, false
	}
	if !isError {
		return p, true
	}
	return quote(p, body[icmpSize:])
}

// quote reads the packet that an error is about; it is cut off somewhere.
func quote(p packet, quoted []byte) (packet, bool) {
	var protocol byte
	switch {
	case p.from.Addr().Is4() && len(quoted) >= ipv4Size+4 && quoted[0] == 4<<4|ipv4Size/4:
		protocol = quoted[9]
		p.quotedFrom = netip.AddrPortFrom(netip.AddrFrom4([4]byte(quoted[12:16])), 0)
		p.quotedTo = netip.AddrPortFrom(netip.AddrFrom4([4]byte(quoted[16:20])), 0)
		quoted = quoted[ipv4Size:]
	case p.from.Addr().Is6() && len(quoted) >= ipv6Size+4 && quoted[0]>>4 == 6:
		protocol = quoted[6]
		p.quotedFrom = netip.AddrPortFrom(netip.AddrFrom16([16]byte(quoted[8:24])), 0)
		p.quotedTo = netip.AddrPortFrom(netip.AddrFrom16([16]byte(quoted[24:40])), 0)
		quoted = quoted[ipv6Size:]
	default:
		return p, false
	}
	var ok bool
	if p.protocol, ok = transport(protocol); ok && p.protocol != policy.Echo {
		p.quotedFrom, p.quotedTo = withPorts(p.quotedFrom, p.quotedTo, quoted)
	}
	return p, ok
}
