package netflow

import (
	"encoding/binary"

	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

// Numbers of the fields, which v9 and IPFIX share up to 127.
const (
	octets         = 1
	packets        = 2
	protocol       = 4
	tcpFlags       = 6
	sourcePort     = 7
	source4        = 8
	destPort       = 11
	dest4          = 12
	lastSwitched   = 21
	firstSwitched  = 22
	source6        = 27
	dest6          = 28
	direction      = 61
	endReason      = 136
	startMillis    = 152
	endMillis      = 153
	templateSetV9  = 0
	templateSet    = 2
	setHeaderSize  = 4
	setAlignment   = 4
	headerSizeV9   = 20
	headerSizeIPFX = 16
)

// field is a field of a template and its size in bytes.
type field struct{ id, size uint16 }

// family has the fields of the records of an IP version: addresses first, then common ones and those of the protocol version.
type family struct {
	version   uint8
	template  uint16
	addresses [2]field
}

var families = [...]family{
	{version: 4, template: 256, addresses: [2]field{{source4, 4}, {dest4, 4}}},
	{version: 6, template: 257, addresses: [2]field{{source6, 16}, {dest6, 16}}},
}

// common is in the order in which add writes the values.
var common = [...]field{
	{packets, 8}, {octets, 8}, {sourcePort, 2}, {destPort, 2}, {protocol, 1}, {tcpFlags, 1}, {direction, 1},
}

var (
	ownV9    = []field{{firstSwitched, 4}, {lastSwitched, 4}}
	ownIPFIX = []field{{startMillis, 8}, {endMillis, 8}, {endReason, 1}}
)

func (e *Encoder) own() []field {
	if e.version == V9 {
		return ownV9
	}
	return ownIPFIX
}

// recordSize returns the size of a data record.
func (e *Encoder) recordSize(f *family) int {
	size := 0
	for _, list := range [...][]field{f.addresses[:], common[:], e.own()} {
		for _, one := range list {
			size += int(one.size)
		}
	}
	return size
}

// add adds a data record, in a new datagram if the current one has no room for it.
func (e *Encoder) add(f *family, r *flowlog.Record) {
	needed := e.recordSize(f) + setAlignment - 1
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
	e.size = headerSizeIPFX
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
		f := &families[i]
		e.put16(f.template)
		e.put16(uint16(len(f.addresses) + len(common) + len(e.own())))
		for _, list := range [...][]field{f.addresses[:], common[:], e.own()} {
			for _, one := range list {
				e.put16(one.id)
				e.put16(one.size)
			}
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
	h := e.buffer[:headerSizeIPFX]
	binary.BigEndian.PutUint16(h, uint16(IPFIX))
	binary.BigEndian.PutUint16(h[2:], uint16(e.size))
	binary.BigEndian.PutUint32(h[4:], uint32(e.wall.Unix()))
	binary.BigEndian.PutUint32(h[8:], e.sequence)
	binary.BigEndian.PutUint32(h[12:], e.domain)
}
