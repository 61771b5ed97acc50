package netflow

import (
	"encoding/binary"
	"math"

	"sag.software/native/internal/flowlog"
)

// Sizes in Cisco's layout of version 5, bytes.
const (
	headerSizeV5 = 24
	recordSizeV5 = 48
)

// addV5 adds a record. One that counts more than 32 bits can hold is sent as several with the same times.
func (e *Encoder) addV5(r *flowlog.Record) {
	if r.Version != 4 {
		e.skipped.Add(r)
		return
	}
	const most = math.MaxUint32
	pieces := max(pieces(r.Bytes, most), pieces(r.Packets, most), 1)
	for i := range pieces {
		e.putV5(r, part(r.Packets, pieces, i), part(r.Bytes, pieces, i))
	}
}

func pieces(n, most uint64) uint64 {
	if n%most > 0 {
		return n/most + 1
	}
	return n / most
}

// part returns piece i of n divided into equal pieces; the first ones are larger by the remainder.
func part(n, pieces, i uint64) uint32 {
	if i < n%pieces {
		return uint32(n/pieces + 1)
	}
	return uint32(n / pieces)
}

func (e *Encoder) putV5(r *flowlog.Record, packets, bytes uint32) {
	if e.size+recordSizeV5 > MaxDatagram {
		e.finish()
	}
	if e.size == 0 {
		e.size = headerSizeV5
	}
	src, dst := r.Src().As4(), r.Dst().As4()
	e.putBytes(src[:])
	e.putBytes(dst[:])
	e.put32(0) // next hop
	e.put32(0) // input and output interface
	e.put32(packets)
	e.put32(bytes)
	e.put32(e.uptime(r.First))
	e.put32(e.uptime(r.Last))
	e.put16(r.SrcPort)
	e.put16(r.DstPort)
	e.put8(0)
	e.put8(r.Flags)
	e.put8(r.Protocol)
	e.put8(0)  // type of service
	e.put32(0) // autonomous systems
	e.put32(0) // prefix lengths, padding
	e.records++
}

func (e *Encoder) headerV5() {
	h := e.buffer[:headerSizeV5]
	binary.BigEndian.PutUint16(h, uint16(V5))
	binary.BigEndian.PutUint16(h[2:], uint16(e.records))
	binary.BigEndian.PutUint32(h[4:], e.uptime(e.now))
	binary.BigEndian.PutUint32(h[8:], uint32(e.wall.Unix()))
	binary.BigEndian.PutUint32(h[12:], uint32(e.wall.Nanosecond()))
	binary.BigEndian.PutUint32(h[16:], e.sequence)
	binary.BigEndian.PutUint16(h[20:], uint16(e.domain)) // engine type and ID
	binary.BigEndian.PutUint16(h[22:], 0)                // no sampling
}
