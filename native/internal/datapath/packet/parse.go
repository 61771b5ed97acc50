package packet

import (
	"encoding/binary"
	"net/netip"
)

// Protocol numbers of IPv6 extension headers.
const (
	hopByHop           = 0
	routing            = 43
	fragment           = 44
	authentication     = 51
	destinationOptions = 60
	mobility           = 135
	hostIdentity       = 139
	shim6              = 140
)

// maxExtensions limits the extension headers to parse. Real packets have two or three.
const maxExtensions = 8

// Parse parses the headers of a packet into h, whose previous content is overwritten. It does not allocate and does not check
// checksums.
func Parse(raw []byte, h *Header) {
	*h = Header{}
	if len(raw) == 0 {
		return
	}
	switch raw[0] >> 4 {
	case 4:
		h.parseV4(raw)
	case 6:
		h.parseV6(raw)
	}
}

func (h *Header) parseV4(raw []byte) {
	h.Version = 4
	if len(raw) < IPv4Size {
		return
	}
	h.Src, h.Dst = netip.AddrFrom4([4]byte(raw[12:16])), netip.AddrFrom4([4]byte(raw[16:20]))
	size, length := int(raw[0]&0xf)*4, int(binary.BigEndian.Uint16(raw[2:]))
	if size < IPv4Size || length < size || length > len(raw) {
		return
	}
	const moreBit, offsetBits = 0x2000, 0x1fff
	bits := binary.BigEndian.Uint16(raw[6:])
	h.FragmentOffset, h.MoreFragments = int(bits&offsetBits)*8, bits&moreBit != 0
	if h.FragmentOffset != 0 || h.MoreFragments {
		h.Fragment, h.FragmentID = true, uint32(binary.BigEndian.Uint16(raw[4:]))
	}
	h.Valid, h.Options = true, size > IPv4Size
	h.Length, h.TransportAt, h.Protocol = length, size, raw[9]
	if h.FragmentOffset == 0 {
		h.parseTransport(raw[size:length])
	}
}

func (h *Header) parseV6(raw []byte) {
	h.Version = 6
	if len(raw) < IPv6Size {
		return
	}
	h.Src, h.Dst = netip.AddrFrom16([16]byte(raw[8:24])), netip.AddrFrom16([16]byte(raw[24:40]))
	length := IPv6Size + int(binary.BigEndian.Uint16(raw[4:]))
	if length > len(raw) {
		return
	}
	h.Length, h.TransportAt, h.Protocol = length, IPv6Size, raw[6]
	if h.Protocol != TCP && h.Protocol != UDP && !h.skipExtensions(raw[:length]) {
		return
	}
	h.Valid = true
	if h.FragmentOffset == 0 {
		h.parseTransport(raw[h.TransportAt:length])
	}
}

// skipExtensions advances to the transport header, or to the data of a later fragment. It returns false if the extension headers
// are incomplete or invalid.
func (h *Header) skipExtensions(raw []byte) bool {
	for range maxExtensions {
		at, size := h.TransportAt, 0
		switch h.Protocol {
		case hopByHop, routing, destinationOptions, mobility, hostIdentity, shim6:
			if len(raw) < at+8 {
				return false
			}
			h.Options, size = true, 8+int(raw[at+1])*8
		case authentication:
			if len(raw) < at+8 {
				return false
			}
			h.Options, size = true, 8+int(raw[at+1])*4
		case fragment:
			if len(raw) < at+fragmentSize || h.Fragment {
				return false
			}
			const moreBit, offsetBits = 1, 0xfff8
			bits := binary.BigEndian.Uint16(raw[at+2:])
			h.Fragment, h.MoreFragments, h.FragmentOffset = true, bits&moreBit != 0, int(bits&offsetBits)
			h.FragmentID, size = binary.BigEndian.Uint32(raw[at+4:]), fragmentSize
		default:
			return true
		}
		if at+size > len(raw) {
			return false
		}
		h.Protocol, h.TransportAt = raw[at], at+size
		if h.FragmentOffset != 0 {
			return true
		}
	}
	return false
}

func (h *Header) parseTransport(body []byte) {
	if len(body) < transportSize {
		return
	}
	h.HasTransport = true
	switch h.Protocol {
	case TCP:
		h.ports(body)
		const flagsAt = 13
		if len(body) > flagsAt {
			h.TCPFlags = body[flagsAt]
		}
	case UDP:
		h.ports(body)
	case ICMP, ICMPv6:
		if h.IsICMP() {
			h.ICMPType, h.ICMPCode, h.EchoID = body[0], body[1], binary.BigEndian.Uint16(body[4:])
		}
	}
}

func (h *Header) ports(body []byte) {
	h.SrcPort, h.DstPort = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
}

// ParseQuoted parses the packet quoted in an ICMP error. The quote is truncated, so its length is not checked, and extension
// headers are not skipped. HasTransport is true if the ports are present.
func ParseQuoted(raw []byte, h *Header) {
	*h = Header{Length: len(raw)}
	const portsSize = 4
	switch {
	case len(raw) >= IPv4Size && raw[0]>>4 == 4:
		size := int(raw[0]&0xf) * 4
		if size < IPv4Size || size > len(raw) {
			return
		}
		h.Version, h.Protocol, h.TransportAt, h.Options = 4, raw[9], size, size > IPv4Size
		h.Src, h.Dst = netip.AddrFrom4([4]byte(raw[12:16])), netip.AddrFrom4([4]byte(raw[16:20]))
	case len(raw) >= IPv6Size && raw[0]>>4 == 6:
		h.Version, h.Protocol, h.TransportAt = 6, raw[6], IPv6Size
		h.Src, h.Dst = netip.AddrFrom16([16]byte(raw[8:24])), netip.AddrFrom16([16]byte(raw[24:40]))
	default:
		return
	}
	h.Valid = true
	if body := raw[h.TransportAt:]; len(body) >= portsSize {
		h.HasTransport = true
		if h.Protocol == TCP || h.Protocol == UDP {
			h.ports(body)
		}
	}
}
