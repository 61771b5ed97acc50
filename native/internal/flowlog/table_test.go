package flowlog

import (
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

const (
	active   = time.Minute
	inactive = 10 * time.Second
)

// header is that of a packet of flow n, of either family.
func header(n, length int) *packet.Header {
	h := &packet.Header{
		Src: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), Dst: netip.MustParseAddr("192.0.2.1"),
		SrcPort: 1000, DstPort: 443, Version: 4, Protocol: packet.TCP, Length: length, Valid: true, HasTransport: true, TCPFlags: packet.ACK,
	}
	if n%2 == 1 {
		h.Version, h.Protocol = 6, packet.UDP
		h.Src = netip.AddrFrom16([16]byte{0: 0xfd, 14: byte(n >> 8), 15: byte(n)})
		h.Dst = netip.MustParseAddr("2001:db8::1")
	}
	return h
}

func due(t *Table, now time.Duration) []Record {
	dst := make([]Record, 1000)
	return dst[:t.Due(now, dst)]
}

func sum(records []Record) (a Amount) {
	for i := range records {
		a.Add(&records[i])
	}
	return a
}

func TestTimeouts(t *testing.T) {
	const at = time.Hour
	for name, c := range map[string]struct {
		packets []time.Duration // after at
		now     time.Duration   // after at
		want    []Record
	}{
		"just before the inactive timeout": {[]time.Duration{0, 1}, inactive, nil},
		"inactive":                         {[]time.Duration{0, 1}, inactive + 1, []Record{{First: at, Last: at + 1, Packets: 2, End: EndIdle}}},
		"just before the active timeout":   {every(5*time.Second, 12), active - 1, nil},
		"active":                           {every(5*time.Second, 12), active, []Record{{First: at, Last: at + 55*time.Second, Packets: 12, End: EndActive}}},
		"both":                             {every(5*time.Second, 12), 2 * active, []Record{{First: at, Last: at + 55*time.Second, Packets: 12, End: EndIdle}}},
	} {
		t.Run(name, func(t *testing.T) {
			table := New(Limits{Flows: 4, Waiting: 1}, active, inactive, maphash.MakeSeed())
			for _, p := range c.packets {
				table.Count(at+p, 7, rules.FromClient, header(0, 100))
			}
			got := due(table, at+c.now)
			for i := range c.want {
				keyOf(&c.want[i].Key, 7, rules.FromClient, header(0, 100))
				c.want[i].Flags, c.want[i].Bytes = packet.ACK, 100*c.want[i].Packets
			}
			if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if rest := table.Stats().Flows; rest != 1-len(got) {
				t.Errorf("%d flows are left", rest)
			}
		})
	}
}

func every(interval time.Duration, n int) (all []time.Duration) {
	for i := range n {
		all = append(all, time.Duration(i)*interval)
	}
	return all
}

func TestActiveFlowContinuesInNextRecord(t *testing.T) {
	table := New(Limits{Flows: 4, Waiting: 1}, active, inactive, maphash.MakeSeed())
	var all []Record
	for s := range 150 {
		now := time.Duration(s) * time.Second
		table.Count(now, 1, rules.ToClient, header(0, 10))
		all = append(all, due(table, now)...)
	}
	if len(all) != 2 || all[0].Packets != 61 || all[1].First != all[0].Last+time.Second || all[1].Packets != 61 {
		t.Errorf("%+v", all)
	}
}

func TestChangedTimeoutsApplyToOpenFlows(t *testing.T) {
	table := New(Limits{Flows: 4, Waiting: 1}, active, inactive, maphash.MakeSeed())
	table.Count(0, 1, rules.ToClient, header(0, 10))
	table.SetTimeouts(active, time.Second)
	if got := due(table, time.Second); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// What a flow is: each of these packets belongs to another one.
func TestFlowsAreToldApart(t *testing.T) {
	table := New(Limits{Flows: 16, Waiting: 1}, active, inactive, maphash.MakeSeed())
	change := []func(*packet.Header){
		func(*packet.Header) {},
		func(h *packet.Header) { h.Src = h.Src.Next() },
		func(h *packet.Header) { h.Dst = h.Dst.Next() },
		func(h *packet.Header) { h.SrcPort++ },
		func(h *packet.Header) { h.DstPort++ },
		func(h *packet.Header) { h.Protocol = packet.UDP },
		func(h *packet.Header) {
			h.Protocol, h.SrcPort, h.DstPort, h.ICMPType = packet.ICMP, 0, 0, packet.EchoRequest
		},
		func(h *packet.Header) {
			h.Protocol, h.SrcPort, h.DstPort, h.ICMPType = packet.ICMP, 0, 0, packet.EchoReply
		},
	}
	for range 2 {
		for _, c := range change {
			h := header(0, 50)
			c(h)
			table.Count(0, 1, rules.FromClient, h)
		}
		table.Count(0, 2, rules.FromClient, header(0, 50))
		table.Count(0, 1, rules.ToClient, header(0, 50))
	}
	got := due(table, inactive)
	if len(got) != len(change)+2 {
		t.Errorf("%d flows", len(got))
	}
	for i := range got {
		if r := &got[i]; r.Packets != 2 || r.Bytes != 100 {
			t.Errorf("%+v", r)
		}
		if r := &got[i]; r.Protocol == packet.ICMP && r.DstPort != 0x800 && r.DstPort != 0 {
			t.Errorf("the destination port of ICMP is %#x", r.DstPort)
		}
	}
}

func TestFlagsAreCollected(t *testing.T) {
	table := New(Limits{Flows: 1, Waiting: 1}, active, inactive, maphash.MakeSeed())
	for _, flags := range []uint8{packet.SYN, packet.ACK, packet.FIN | packet.ACK} {
		h := header(0, 40)
		h.TCPFlags = flags
		table.Count(0, 1, rules.FromClient, h)
	}
	if got := due(table, inactive); len(got) != 1 || got[0].Flags != packet.SYN|packet.ACK|packet.FIN {
		t.Errorf("%+v", got)
	}
	if table.Count(0, 1, rules.FromClient, &packet.Header{Version: 4}) || table.Stats().Flows != 0 {
		t.Error("an invalid packet is counted")
	}
}

func TestEvictedFlowsAreReturnedOrCounted(t *testing.T) {
	table := New(Limits{Flows: 3, Waiting: 2}, active, inactive, maphash.MakeSeed())
	for n := range 3 {
		table.Count(time.Duration(n), 1, rules.FromClient, header(n, 100+n))
	}
	table.Count(3, 1, rules.FromClient, header(0, 100)) // 1 is now the one that has been idle longest
	table.Count(4, 1, rules.FromClient, header(3, 103))
	got := due(table, 5)
	if len(got) != 1 || got[0].Bytes != 101 || got[0].End != EndEviction {
		t.Fatalf("%+v", got)
	}
	for n := range 4 {
		table.Count(6, 1, rules.FromClient, header(10+n, 1000))
	}
	stats := table.Stats()
	if stats.Evicted != 5 || stats.Waiting != 2 || stats.Lost != (Amount{Records: 2, Packets: 2, Bytes: 103 + 1000}) {
		t.Errorf("%+v", stats)
	}
	if got := due(table, 7); sum(got) != (Amount{Records: 2, Packets: 3, Bytes: 200 + 102}) {
		t.Errorf("%+v", got)
	}
}

// Whatever happens, each packet is in exactly one record, or counted as lost.
func TestSumOfRecordsIsWhatPassed(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		table := New(Limits{Flows: 1 + random.IntN(40), Waiting: 1 + random.IntN(20)}, active, inactive, maphash.MakeSeed())
		var in, out Amount
		passed, recorded := map[Key]Amount{}, map[Key]Amount{}
		take := func(records []Record) {
			for i := range records {
				r := &records[i]
				out.Add(r)
				a := recorded[r.Key]
				a.Add(r)
				recorded[r.Key] = a
				if r.Last < r.First || r.Packets == 0 {
					t.Fatalf("seed %d: %+v", seed, r)
				}
			}
		}
		var now time.Duration
		dst := make([]Record, 1+random.IntN(8))
		for range 4000 {
			now += time.Duration(random.IntN(500)) * time.Millisecond
			n, size, session, d := random.IntN(80), 20+random.IntN(1400), uint64(random.IntN(2)), rules.Direction(1+random.IntN(2))
			for range 1 + random.IntN(3) {
				h := header(n, size)
				table.Count(now, session, d, h)
				r := Record{Packets: 1, Bytes: uint64(size)}
				keyOf(&r.Key, session, d, h)
				in.Add(&r)
				a := passed[r.Key]
				a.Add(&r)
				passed[r.Key] = a
			}
			if random.IntN(20) > 0 {
				continue
			}
			for got := table.Due(now, dst); ; got = table.Due(now, dst) {
				take(dst[:got])
				if got < len(dst) {
					break
				}
			}
			for i := table.ends[byUse].oldest; i != 0; i = table.all[i].in[byUse].newer {
				if f := &table.all[i]; now-f.Last >= inactive || now-f.First >= active {
					t.Fatalf("seed %d: was due at %v: %+v", seed, now, f.Record)
				}
			}
		}
		for got := table.Flush(dst); got > 0; got = table.Flush(dst) {
			take(dst[:got])
		}
		stats := table.Stats()
		if stats.Flows != 0 || stats.Waiting != 0 {
			t.Fatalf("seed %d: %+v after Flush", seed, stats)
		}
		if out.Packets+stats.Lost.Packets != in.Packets || out.Bytes+stats.Lost.Bytes != in.Bytes {
			t.Fatalf("seed %d: in %+v, out %+v, lost %+v", seed, in, out, stats.Lost)
		}
		for key, p := range passed {
			r := recorded[key]
			if r.Bytes > p.Bytes || stats.Lost.Records == 0 && (r.Bytes != p.Bytes || r.Packets != p.Packets) {
				t.Fatalf("seed %d: %+v: passed %+v, recorded %+v", seed, key, p, r)
			}
		}
	}
}

func TestCountDoesNotAllocate(t *testing.T) {
	table := New(Limits{Flows: 8, Waiting: 8}, active, inactive, maphash.MakeSeed())
	var headers []*packet.Header
	for n := range 32 {
		headers = append(headers, header(n, 100))
	}
	dst := make([]Record, 8)
	var now time.Duration
	if n := testing.AllocsPerRun(100, func() {
		for _, h := range headers {
			table.Count(now, 1, rules.FromClient, h)
			now += time.Second
		}
		table.Due(now, dst)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Flows spread over the hash table, so that a look-up does not depend on how many there are.
func TestLookUpIsShort(t *testing.T) {
	const flows = 1 << 12
	for range 8 {
		table := New(Limits{Flows: flows, Waiting: 1}, active, inactive, maphash.MakeSeed())
		for n := range flows {
			table.Count(0, 1, rules.FromClient, header(n, 100))
		}
		longest := 0
		for _, i := range table.heads {
			length := 0
			for ; i != 0; i = table.all[i].next {
				length++
			}
			longest = max(longest, length)
		}
		if longest > 12 {
			t.Errorf("%d of %d flows have the same hash", longest, flows)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	table := New(Limits{Flows: 1 << 16, Waiting: 1 << 10}, active, inactive, maphash.MakeSeed())
	headers := make([]*packet.Header, 1<<14)
	for n := range headers {
		headers[n] = header(n, 1280)
	}
	for _, c := range []struct {
		name string
		run  int // consecutive packets of one flow
	}{{"one packet of each flow", 1}, {"32 packets of each flow", 32}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				table.Count(time.Duration(i), 1, rules.FromClient, headers[i/c.run%len(headers)])
			}
		})
	}
}
