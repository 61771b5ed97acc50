package netstack

import (
	"encoding/binary"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/packet"
)

const (
	// assemblyLimit is how many fragmented pings are reassembled at a time, ownLimit how many of one client, and
	// assemblyTime how long to wait for their fragments.
	assemblyLimit, ownLimit = 256, 4
	assemblyTime            = 5 * time.Second
	// pingLimit is the largest reassembled ICMP message, bytes.
	pingLimit = 65535 - header.IPv6FragmentHeaderSize - header.IPv4MinimumSize
)

// pings reassembles fragmented ICMP echo requests. gVisor's own reassembly cannot be used, because gVisor would also answer
// them.
type pings struct {
	mu       sync.Mutex
	assembly map[fragmentKey]*fragmented
}

// fragmentKey identifies a fragmented packet: version and protocol, source, destination, identification.
type fragmentKey struct {
	v6             bool
	source, target [16]byte
	id             uint32
}

type fragmented struct {
	since time.Time
	body  []byte
	// blocks are the received units of eight bytes.
	blocks map[int]bool
	size   int // of the whole body; 0 = unknown
	header []byte
}

// fragment is one fragment of an ICMP message.
type fragment struct {
	key    fragmentKey
	offset int
	more   bool
	body   []byte
	// header is an IP header for the whole packet, without its length.
	header []byte
}

// isPingFragment reports whether a packet is a fragment of an ICMP message.
func isPingFragment(h *packet.Header) bool {
	return h.Valid && h.Fragment && h.IsICMP() && !(h.Version == 6 && h.Options)
}

// newFragment extracts what add needs from a fragment.
func newFragment(h *packet.Header, raw []byte) fragment {
	f := fragment{
		key:    fragmentKey{v6: h.Version == 6, source: h.Src.As16(), target: h.Dst.As16(), id: h.FragmentID},
		offset: h.FragmentOffset, more: h.MoreFragments, body: h.Payload(raw),
	}
	if f.key.v6 {
		f.header = append([]byte(nil), raw[:header.IPv6MinimumSize]...)
		f.header[6] = packet.ICMPv6
		return f
	}
	f.header = append([]byte(nil), raw[:header.IPv4MinimumSize]...) // options are dropped
	f.header[0], f.header[6], f.header[7] = 0x45, 0, 0
	return f
}

// add adds a fragment and returns the whole packet once all fragments have arrived, else nil. Overlapping fragments, which
// only an attack contains, discard the packet (RFC 5722).
func (p *pings) add(f fragment) []byte {
	const unit = 8
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.assembly[f.key]
	if one == nil {
		if one = p.begin(f); one == nil {
			return nil
		}
	}
	end := f.offset + len(f.body)
	bad := len(f.body) == 0 || end > pingLimit || f.more && len(f.body)%unit != 0 || one.size != 0 && (end > one.size || !f.more) ||
		!f.more && end < len(one.body)
	for at := f.offset; at < end && !bad; at += unit {
		bad = one.blocks[at/unit]
		one.blocks[at/unit] = true
	}
	if bad {
		delete(p.assembly, f.key)
		return nil
	}
	if f.offset == 0 {
		one.header = f.header
	}
	if end > len(one.body) {
		one.body = append(one.body, make([]byte, end-len(one.body))...)
	}
	copy(one.body[f.offset:], f.body)
	if !f.more {
		one.size = end
	}
	if one.size == 0 || len(one.blocks) != (one.size+unit-1)/unit {
		return nil
	}
	delete(p.assembly, f.key)
	whole := append(one.header, one.body...)
	if f.key.v6 {
		header.IPv6(whole).SetPayloadLength(uint16(len(one.body)))
		return whole
	}
	ip := header.IPv4(whole)
	ip.SetTotalLength(uint16(len(whole)))
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	return whole
}

// begin starts a reassembly after removing expired ones; it returns nil beyond the limits. The caller holds the lock.
func (p *pings) begin(f fragment) *fragmented {
	if p.assembly == nil {
		p.assembly = map[fragmentKey]*fragmented{}
	}
	now, own := time.Now(), 0
	for key, other := range p.assembly {
		if now.Sub(other.since) > assemblyTime {
			delete(p.assembly, key)
		} else if key.source == f.key.source {
			own++
		}
	}
	if own >= ownLimit || len(p.assembly) >= assemblyLimit {
		return nil
	}
	one := &fragmented{since: now, blocks: map[int]bool{}}
	p.assembly[f.key] = one
	return one
}

// split fragments an IP packet without IPv4 options and IPv6 extension headers to fit the MTU; a packet that fits is returned unchanged.
// A fragment is divided into smaller ones with the same identification.
func split(raw []byte, mtu int, id uint32) [][]byte {
	if len(raw) <= mtu {
		return [][]byte{raw}
	}
	if raw[0]>>4 == 6 {
		return splitV6(raw, mtu, id)
	}
	const unit = 8
	whole := header.IPv4(raw)
	base, more := whole.FragmentOffset(), whole.More()
	if base != 0 || more {
		id = uint32(whole.ID())
	}
	body, most := raw[header.IPv4MinimumSize:], (mtu-header.IPv4MinimumSize)/unit*unit
	var parts [][]byte
	for at := 0; at < len(body); at += most {
		piece := body[at:min(at+most, len(body))]
		part := append(make([]byte, 0, header.IPv4MinimumSize+len(piece)), raw[:header.IPv4MinimumSize]...)
		ip := header.IPv4(part)
		flags := uint8(0)
		if more || at+most < len(body) {
			flags = header.IPv4FlagMoreFragments
		}
		ip.SetFlagsFragmentOffset(flags, base+uint16(at))
		ip.SetID(uint16(id))
		ip.SetTotalLength(uint16(header.IPv4MinimumSize + len(piece)))
		ip.SetChecksum(0)
		ip.SetChecksum(^ip.CalculateChecksum())
		parts = append(parts, append(part, piece...))
	}
	return parts
}

func splitV6(raw []byte, mtu int, id uint32) [][]byte {
	const (
		unit  = 8
		extra = header.IPv6FragmentHeaderSize
		head  = header.IPv6MinimumSize
	)
	body, next, base, more := raw[head:], raw[6], uint16(0), uint16(0)
	if next == header.IPv6FragmentHeader && len(body) >= extra {
		bits := binary.BigEndian.Uint16(body[2:])
		next, base, more, id, body = body[0], bits&^7, bits&1, binary.BigEndian.Uint32(body[4:]), body[extra:]
	}
	most := (mtu - head - extra) / unit * unit
	var parts [][]byte
	for at := 0; at < len(body); at += most {
		piece := body[at:min(at+most, len(body))]
		part := append(make([]byte, 0, head+extra+len(piece)), raw[:head]...)
		bits := (base + uint16(at)) | more
		if at+most < len(body) {
			bits |= 1
		}
		part = append(part, next, 0, byte(bits>>8), byte(bits))
		part = binary.BigEndian.AppendUint32(part, id)
		part[6] = header.IPv6FragmentHeader
		header.IPv6(part).SetPayloadLength(uint16(extra + len(piece)))
		parts = append(parts, append(part, piece...))
	}
	return parts
}
