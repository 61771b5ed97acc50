package netflow

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 250e6, time.UTC)

// randomRecords returns records of both families, as a table makes them.
func randomRecords(random *rand.Rand, n int) []flowlog.Record {
	table := flowlog.New(flowlog.Limits{Flows: n, PerClient: n, Waiting: 1}, maphash.MakeSeed())
	client := table.Add(1, flowlog.Timeouts{Active: time.Minute, Inactive: time.Second})
	for range 3 * n {
		h := packet.Header{
			Src: netip.AddrFrom4([4]byte{10, byte(random.IntN(256)), byte(random.IntN(256)), 1}), Dst: netip.AddrFrom4([4]byte{192, 0, 2, 1}),
			SrcPort: uint16(random.IntN(1 << 16)), DstPort: 443, Protocol: packet.TCP, Version: 4, Valid: true, Length: 40 + random.IntN(1400), TCPFlags: packet.SYN,
		}
		if random.IntN(2) == 0 {
			h.Version, h.Protocol = 6, packet.UDP
			h.Src, h.Dst = netip.AddrFrom16([16]byte{0xfd, 15: byte(random.IntN(256))}), netip.MustParseAddr("2001:db8::1")
		}
		table.Count(time.Hour, client, rules.Direction(1+random.IntN(2)), &h, h.Length)
	}
	records := make([]flowlog.Record, n)
	return records[:table.Flush(client, records)]
}

func amount(records []flowlog.Record, version uint8) (a flowlog.Amount) {
	for i := range records {
		if version == 0 || records[i].Version == version {
			a.Add(&records[i])
		}
	}
	return a
}

// collector decodes datagrams from their templates alone, and checks lengths, counts and sequence numbers.
type collector struct {
	t         *testing.T
	version   Version
	templates map[uint16][]field
	sequence  uint32
	datagrams int
	withTempl int
	got       flowlog.Amount
	fields    []map[uint16][]byte
}

func (c *collector) read(datagram []byte, records int) {
	c.t.Helper()
	c.datagrams++
	word := func(at int) uint32 { return binary.BigEndian.Uint32(datagram[at:]) }
	half := func(at int) int { return int(binary.BigEndian.Uint16(datagram[at:])) }
	if len(datagram) > 1400 || half(0) != int(c.version) {
		c.t.Fatalf("%d bytes, version %d", len(datagram), half(0))
	}
	before, templates := len(c.fields), 0
	switch c.version {
	case V5:
		if c.sequence != word(16) || len(datagram) != 24+48*half(2) || half(2) != records {
			c.t.Fatalf("sequence %d, want %d; %d records, want %d, in %d bytes", word(16), c.sequence, half(2), records, len(datagram))
		}
		for at := 24; at < len(datagram); at += 48 {
			c.got.Records++
			c.got.Packets += uint64(word(at + 16))
			c.got.Bytes += uint64(word(at + 20))
			c.fields = append(c.fields, map[uint16][]byte{firstSwitched: datagram[at+24 : at+28], lastSwitched: datagram[at+28 : at+32]})
		}
		c.sequence += uint32(records)
	case V9:
		templates = c.sets(datagram[20:])
		if c.sequence != word(12) || half(2) != templates+records || word(16) != 77 {
			c.t.Fatalf("sequence %d, want %d; %d records, want %d; source %d", word(12), c.sequence, half(2), templates+records, word(16))
		}
		c.sequence++
	case IPFIX:
		templates = c.sets(datagram[16:])
		if c.sequence != word(8) || half(2) != len(datagram) || word(12) != 77 {
			c.t.Fatalf("sequence %d, want %d; length %d, is %d; domain %d", word(8), c.sequence, half(2), len(datagram), word(12))
		}
		c.sequence += uint32(records)
	}
	if len(c.fields)-before != records {
		c.t.Fatalf("%d records, announced %d", len(c.fields)-before, records)
	}
	if templates > 0 {
		c.withTempl++
	}
}

// sets returns the number of templates.
func (c *collector) sets(all []byte) (templates int) {
	c.t.Helper()
	for len(all) > 0 {
		id, length := binary.BigEndian.Uint16(all), int(binary.BigEndian.Uint16(all[2:]))
		if length < 4 || length > len(all) || length%4 != 0 {
			c.t.Fatalf("a set of %d bytes in %d", length, len(all))
		}
		set := all[4:length]
		all = all[length:]
		if c.version == V9 && id == 0 || c.version == IPFIX && id == 2 {
			for len(set) >= 4 {
				number, count := binary.BigEndian.Uint16(set), int(binary.BigEndian.Uint16(set[2:]))
				set = set[4:]
				var fields []field
				for range count {
					fields = append(fields, field{binary.BigEndian.Uint16(set), binary.BigEndian.Uint16(set[2:])})
					set = set[4:]
				}
				c.templates[number] = fields
				templates++
			}
			continue
		}
		size := 0
		for _, f := range c.templates[id] {
			size += int(f.size)
		}
		if size == 0 {
			c.t.Fatalf("no template %d", id)
		}
		for len(set) >= size {
			record := map[uint16][]byte{}
			for _, f := range c.templates[id] {
				record[f.id], set = set[:f.size], set[f.size:]
			}
			c.fields = append(c.fields, record)
			c.got.Records++
			c.got.Packets += binary.BigEndian.Uint64(record[2])
			c.got.Bytes += binary.BigEndian.Uint64(record[1])
		}
	}
	return templates
}

func newCollector(t *testing.T, version Version) (*collector, *Encoder) {
	c := &collector{t: t, version: version, templates: map[uint16][]field{}}
	return c, NewEncoder(version, 77, time.Hour, c.read)
}

func TestEverythingIsEncoded(t *testing.T) {
	for _, version := range []Version{V5, V9, IPFIX} {
		for seed := range uint64(40) {
			random := rand.New(rand.NewPCG(seed, 2))
			c, e := newCollector(t, version)
			var in, skipped flowlog.Amount
			for range 5 {
				records := randomRecords(random, 1+random.IntN(200))
				e.Encode(2*time.Hour, noon, records)
				all, v6 := amount(records, 0), amount(records, 6)
				if version == V5 {
					all = amount(records, 4)
					skipped = flowlog.Amount{Records: skipped.Records + v6.Records, Packets: skipped.Packets + v6.Packets, Bytes: skipped.Bytes + v6.Bytes}
				}
				in = flowlog.Amount{Records: in.Records + all.Records, Packets: in.Packets + all.Packets, Bytes: in.Bytes + all.Bytes}
			}
			if c.got != in || e.Skipped() != skipped {
				t.Fatalf("version %d, seed %d: got %+v of %+v, skipped %+v of %+v", version, seed, c.got, in, e.Skipped(), skipped)
			}
		}
	}
}

func TestTemplatesAreRepeated(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for _, version := range []Version{V9, IPFIX} {
		c, e := newCollector(t, version)
		one := randomRecords(random, 1)
		for range 41 {
			e.Encode(time.Hour, noon, one)
		}
		if c.withTempl != 3 || c.datagrams != 41 {
			t.Errorf("version %d: %d of %d datagrams have templates", version, c.withTempl, c.datagrams)
		}
		e.Encode(time.Hour+templateInterval-1, noon, one)
		before := c.withTempl
		e.Encode(time.Hour+templateInterval, noon, one)
		e.AnnounceTemplates()
		e.Encode(time.Hour+templateInterval, noon, one)
		if before != 3 || c.withTempl != 5 {
			t.Errorf("version %d: %d, then %d datagrams with templates", version, before, c.withTempl)
		}
		e.Encode(time.Hour, noon, nil)
		if c.datagrams != 44 {
			t.Errorf("version %d: a datagram without records", version)
		}
	}
}

func TestLargeFlowIsSplitInV5(t *testing.T) {
	for _, bytes := range []uint64{0, 1, math.MaxUint32, math.MaxUint32 + 1, 1 << 33, 5<<32 + 12345, 1 << 45} {
		one := randomRecords(rand.New(rand.NewPCG(4, 4)), 8)
		for i := range one {
			one[i].Bytes, one[i].Packets = bytes, bytes/1000+1
		}
		for _, version := range []Version{V5, V9, IPFIX} {
			c, e := newCollector(t, version)
			e.Encode(2*time.Hour, noon, one)
			want := amount(one, 0)
			if version == V5 {
				want = amount(one, 4)
				want.Records *= max(1, (bytes+math.MaxUint32-1)/math.MaxUint32)
			}
			if c.got != want {
				t.Errorf("version %d, %d bytes: %+v, want %+v", version, bytes, c.got, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	one := randomRecords(rand.New(rand.NewPCG(5, 5)), 8)
	for _, now := range []time.Duration{3 * time.Hour, 60 * 24 * time.Hour, 2000 * 24 * time.Hour} {
		for i := range one {
			one[i].First, one[i].Last = now-90*time.Minute, now-time.Second
		}
		for _, version := range []Version{V5, V9, IPFIX} {
			c, e := newCollector(t, version)
			var uptime uint32
			e.emit = func(datagram []byte, records int) {
				uptime = binary.BigEndian.Uint32(datagram[4:])
				c.read(datagram, records)
			}
			e.Encode(now, noon, one)
			for _, f := range c.fields {
				var first, last time.Duration
				if version == IPFIX {
					first = noon.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(f[startMillis]))))
					last = noon.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(f[endMillis]))))
				} else {
					first = time.Duration(int64(uptime)-int64(binary.BigEndian.Uint32(f[firstSwitched]))) * time.Millisecond
					last = time.Duration(int64(uptime)-int64(binary.BigEndian.Uint32(f[lastSwitched]))) * time.Millisecond
				}
				if first != 90*time.Minute || last != time.Second {
					t.Errorf("version %d at %v: began %v ago, ended %v ago", version, now, first, last)
				}
			}
		}
	}
}
