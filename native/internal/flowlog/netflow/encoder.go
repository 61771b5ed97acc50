// Package netflow encodes flow records for a collector: NetFlow v5 (Cisco), NetFlow v9 (RFC 3954) and IPFIX (RFC 7011).
package netflow

import (
	"encoding/binary"
	"time"

	"sag.software/native/internal/flowlog"
)

// Version is the number in a datagram's header.
type Version uint16

// The versions that collectors read. IPFIX is what product documents call NetFlow V10.
const (
	V5    Version = 5
	V9    Version = 9
	IPFIX Version = 10
)

// MaxDatagram is the largest size of a datagram in bytes, which fits into a packet on all usual networks.
const MaxDatagram = 1400

// Collectors that were started later need the templates again: after this many datagrams or this time, whichever comes first.
const (
	templateDatagrams = 20
	templateInterval  = time.Minute
)

const (
	// headStart is how much older than the encoder the origin of its time stamps is, so that flows that started earlier have
	// one, too. It is more than the longest active timeout.
	headStart = 3 * time.Hour
	// maxUptime is when the origin moves: time stamps of v5 and v9 are 32 bits of milliseconds, and must not wrap within a record.
	maxUptime = 1 << 31 * time.Millisecond
)

// Encoder encodes the records of one observation domain for one collector.
type Encoder struct {
	version Version
	domain  uint32
	emit    func(datagram []byte, records int)
	// layouts are the templates of the families.
	layouts [len(families)]struct {
		fields []field
		size   int
	}

	now    time.Duration
	wall   time.Time
	origin time.Duration
	// sequence counts what the version defines: v5 and IPFIX the records sent, v9 the datagrams.
	sequence uint32
	skipped  flowlog.Amount

	buffer [MaxDatagram]byte
	size   int
	// records is the number of data records in the buffer, templates that of templates.
	records, templates int
	// set is the offset of the open set's header, 0 = none; setID is its ID.
	set   int
	setID uint16

	// since is the number of datagrams since the one with templates, sent when that was.
	since int
	sent  time.Duration
	// announced is true if templates were sent.
	announced bool
}

// NewEncoder makes an encoder. The domain is the number by which a collector tells exporters at one address apart; v5 has 16 bits of it. emit
// gets each datagram, which is valid until it returns, and the number of data records in it. now is as for Encode.
func NewEncoder(version Version, domain uint32, now time.Duration, emit func(datagram []byte, records int)) *Encoder {
	e := &Encoder{version: version, domain: domain, emit: emit, origin: now - headStart}
	for i := range families {
		e.layouts[i].fields, e.layouts[i].size = template(version, &families[i])
	}
	return e
}

// Skipped returns what was not encoded: IPv6 in v5.
func (e *Encoder) Skipped() flowlog.Amount { return e.skipped }

// AnnounceTemplates makes the next datagram carry the templates, for a collector that may have been restarted.
func (e *Encoder) AnnounceTemplates() { e.announced = false }

// Encode encodes records and emits all datagrams. now is the clock that the table was given, wall the time of day at that moment.
func (e *Encoder) Encode(now time.Duration, wall time.Time, records []flowlog.Record) {
	e.now, e.wall = now, wall
	if now-e.origin > maxUptime {
		e.origin = now - headStart
	}
	if e.version == V5 {
		for i := range records {
			e.addV5(&records[i])
		}
	} else {
		// One family after the other, so that a datagram has few sets.
		for i := range families {
			for j := range records {
				if records[j].Version == families[i].version {
					e.add(i, &records[j])
				}
			}
		}
	}
	e.finish()
}

// finish emits the datagram in the buffer if it has records.
func (e *Encoder) finish() {
	if e.records == 0 {
		return
	}
	e.closeSet()
	switch e.version {
	case V5:
		e.headerV5()
		e.sequence += uint32(e.records)
	case V9:
		e.headerV9()
		e.sequence++
	case IPFIX:
		e.headerIPFIX()
		e.sequence += uint32(e.records)
	}
	datagram, records := e.buffer[:e.size], e.records
	e.size, e.records, e.templates = 0, 0, 0
	e.emit(datagram, records)
}

// uptime returns a moment in milliseconds since the origin.
func (e *Encoder) uptime(at time.Duration) uint32 { return uint32(max(at-e.origin, 0).Milliseconds()) }

func (e *Encoder) put8(v uint8) {
	e.buffer[e.size] = v
	e.size++
}

func (e *Encoder) put16(v uint16) {
	binary.BigEndian.PutUint16(e.buffer[e.size:], v)
	e.size += 2
}

func (e *Encoder) put32(v uint32) {
	binary.BigEndian.PutUint32(e.buffer[e.size:], v)
	e.size += 4
}

func (e *Encoder) put64(v uint64) {
	binary.BigEndian.PutUint64(e.buffer[e.size:], v)
	e.size += 8
}

func (e *Encoder) putBytes(b []byte) { e.size += copy(e.buffer[e.size:], b) }
