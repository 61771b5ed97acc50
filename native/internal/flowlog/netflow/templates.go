package netflow

import (
	"encoding/binary"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

// Numbers of the fields, which v9 and IPFIX share up to 127.
const (
	octets          = 1
	packets         = 2
	protocol        = 4
	tcpFlags        = 6
	sourcePort      = 7
	source4         = 8
	destPort        = 11
	dest4           = 12
	lastSwitched    = 21
	firstSwitched   = 22
	source6         = 27
	dest6           = 28
	icmpType        = 32 // type × 256 + code; in IPFIX, ICMPv6 has a field of its own
	direction       = 61
	endReason       = 136
	icmpType6       = 139
	startMillis     = 152
	endMillis       = 153
	templateSetV9   = 0
	templateSet     = 2
	setHeaderSize   = 4
	setAlignment    = 4
	headerSizeV9    = 20
	headerSizeIPFIX = 16
)

// field is a field of a template and its size in bytes.
type field struct{ id, size uint16 }

// family is what differs between the records of IPv4 and IPv6.
type family struct {
	version   uint8
	template  uint16
	icmp      uint8
	addresses [2]field
}

var families = [...]family{
	{version: 4, template: 256, icmp: packet.ICMP, addresses: [2]field{{source4, 4}, {dest4, 4}}},
	{version: 6, template: 257, icmp: packet.ICMPv6, addresses: [2]field{{source6, 16}, {dest6, 16}}},
}

// template returns the fields of a family's records, in the order in which add writes the values, and the size of a record in bytes.
func template(version Version, f *family) (fields []field, size int) {
	icmp := field{icmpType, 2}
	if version == IPFIX && f.version == 6 {
		icmp.id = icmpType6
	}
	fields = append(fields, f.addresses[:]...)
	fields = append(fields, icmp, field{packets, 8}, field{octets, 8}, field{sourcePort, 2}, field{destPort, 2},
		field{protocol, 1}, field{tcpFlags, 1}, field{direction, 1})
	if version == IPFIX {
		fields = append(fields, field{startMillis, 8}, field{endMillis, 8}, field{endReason, 1})
	} else {
		fields = append(fields, field{firstSwitched, 4}, field{lastSwitched, 4})
	}
	for _, one := range fields {
		size += int(one.size)
	}
	return fields, size
}

// add adds a data record of the family i, in a new datagram if the current one has no room for it.
func (e *Encoder) add(i int, r *flowlog.Record) {
	f := &families[i]
	needed := e.layouts[i].size + setAlignment - 1
	if e.setID != f.template || e.set == 0 {
		needed += setAlignment - 1 + setHeaderSize
	}
	if e.size > 0 && e.size+needed > MaxDatagram {
		e.finish()
	}
	if e.size == 0 {
		e.begin()
	}
	if e.set == 0 || e.setID != f.template {
		e.openSet(f.template)
	}
	src, dst := r.Src(), r.Dst()
	e.putBytes(src.AsSlice())
	e.putBytes(dst.AsSlice())
	if r.Protocol == f.icmp {
		e.put16(r.DstPort)
	} else {
		e.put16(0)
	}
	e.put64(r.Packets)
	e.put64(r.Bytes)
	e.put16(r.SrcPort)
	e.put16(r.DstPort)
	e.put8(r.Protocol)
	e.put8(r.Flags)
	e.put8(directionOf(r))
	if e.version == V9 {
		e.put32(e.uptime(r.First))
		e.put32(e.uptime(r.Last))
	} else {
		e.put64(uint64(e.wall.Add(r.First - e.now).UnixMilli()))
		e.put64(uint64(e.wall.Add(r.Last - e.now).UnixMilli()))
		e.put8(uint8(r.End))
	}
	e.records++
}

// directionOf returns 0 for packets that come in from a client, 1 for those that go out to one.
func directionOf(r *flowlog.Record) uint8 {
	if r.Direction == rules.ToClient {
		return 1
	}
	return 0
}

// begin starts a datagram of v9 or IPFIX, with the templates if it is time for them.
func (e *Encoder) begin() {
	e.size = headerSizeIPFIX
	if e.version == V9 {
		e.size = headerSizeV9
	}
	e.since++
	if e.announced && e.since < templateDatagrams && e.now-e.sent < templateInterval {
		return
	}
	e.announced, e.since, e.sent = true, 0, e.now
	id := uint16(templateSet)
	if e.version == V9 {
		id = templateSetV9
	}
	e.openSet(id)
	for i := range families {
		e.put16(families[i].template)
		e.put16(uint16(len(e.layouts[i].fields)))
		for _, one := range e.layouts[i].fields {
			e.put16(one.id)
			e.put16(one.size)
		}
		e.templates++
	}
	e.closeSet()
}

func (e *Encoder) openSet(id uint16) {
	e.closeSet()
	e.set, e.setID = e.size, id
	e.put16(id)
	e.put16(0) // the length, which closeSet fills in
}

// closeSet ends the open set, if there is one, at a multiple of four bytes.
func (e *Encoder) closeSet() {
	if e.set == 0 {
		return
	}
	for (e.size-e.set)%setAlignment != 0 {
		e.put8(0)
	}
	binary.BigEndian.PutUint16(e.buffer[e.set+2:], uint16(e.size-e.set))
	e.set = 0
}

func (e *Encoder) headerV9() {
	h := e.buffer[:headerSizeV9]
	binary.BigEndian.PutUint16(h, uint16(V9))
	binary.BigEndian.PutUint16(h[2:], uint16(e.templates+e.records))
	binary.BigEndian.PutUint32(h[4:], e.uptime(e.now))
	binary.BigEndian.PutUint32(h[8:], uint32(e.wall.Unix()))
	binary.BigEndian.PutUint32(h[12:], e.sequence)
	binary.BigEndian.PutUint32(h[16:], e.domain)
}

func (e *Encoder) headerIPFIX() {
	h := e.buffer[:headerSizeIPFIX]
	binary.BigEndian.PutUint16(h, uint16(IPFIX))
	binary.BigEndian.PutUint16(h[2:], uint16(e.size))
	binary.BigEndian.PutUint32(h[4:], uint32(e.wall.Unix()))
	binary.BigEndian.PutUint32(h[8:], e.sequence)
	binary.BigEndian.PutUint32(h[12:], e.domain)
}
