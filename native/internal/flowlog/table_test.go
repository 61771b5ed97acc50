package flowlog

import (
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

const (
	active   = time.Minute
	inactive = 10 * time.Second
)

var timeouts = Timeouts{active, inactive}

// newTable returns a table with room for a number of flows, all of which one client may have, and waiting records.
func newTable(flows, waiting int) *Table {
	return New(Limits{Flows: flows, PerClient: flows, Waiting: waiting}, maphash.MakeSeed())
}

// one returns a table with one client.
func one(flows, waiting int) (*Table, *Client) {
	t := newTable(flows, waiting)
	return t, t.Add(7, timeouts)
}

// count counts a packet.
func count(t *Table, now time.Duration, c *Client, d rules.Direction, h *packet.Header) {
	t.Count(now, c, d, h, h.Length)
}

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
			table, client := one(4, 1)
			for _, p := range c.packets {
				count(table, at+p, client, rules.FromClient, header(0, 100))
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
	table, client := one(4, 1)
	var all []Record
	for s := range 150 {
		now := time.Duration(s) * time.Second
		count(table, now, client, rules.ToClient, header(0, 10))
		all = append(all, due(table, now)...)
	}
	if len(all) != 2 || all[0].Packets != 61 || all[1].First != all[0].Last+time.Second || all[1].Packets != 61 {
		t.Errorf("%+v", all)
	}
}

func TestChangedTimeoutsApplyToOpenFlows(t *testing.T) {
	table, client := one(4, 1)
	count(table, 0, client, rules.ToClient, header(0, 10))
	client.SetTimeouts(Timeouts{active, time.Second})
	if got := due(table, time.Second); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// What a flow is: each of these packets belongs to another one.
func TestFlowsAreToldApart(t *testing.T) {
	table, client := one(16, 1)
	other := table.Add(2, timeouts)
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
			count(table, 0, client, rules.FromClient, h)
		}
		count(table, 0, other, rules.FromClient, header(0, 50))
		count(table, 0, client, rules.ToClient, header(0, 50))
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
	table, client := one(1, 1)
	for _, flags := range []uint8{packet.SYN, packet.ACK, packet.FIN | packet.ACK} {
		h := header(0, 40)
		h.TCPFlags = flags
		count(table, 0, client, rules.FromClient, h)
	}
	if got := due(table, inactive); len(got) != 1 || got[0].Flags != packet.SYN|packet.ACK|packet.FIN {
		t.Errorf("%+v", got)
	}
}

func TestEvictedFlowsAreReturned(t *testing.T) {
	table, client := one(3, 2)
	for n := range 3 {
		count(table, time.Duration(n), client, rules.FromClient, header(n, 100+n))
	}
	count(table, 3, client, rules.FromClient, header(0, 100)) // 1 is now the one that has been idle longest
	count(table, 4, client, rules.FromClient, header(3, 103))
	got := due(table, 5)
	if len(got) != 1 || got[0].Bytes != 101 || got[0].End != EndEviction || got[0].Protocol != packet.UDP {
		t.Fatalf("%+v", got)
	}
}

// If no further record can wait, packets are counted for their client.
func TestPacketsWithoutFlowAreCountedForTheirClient(t *testing.T) {
	table, client := one(1, 1)
	for n := range 4 { // 0 is evicted by 1, and 2 and 3 find no room
		count(table, 0, client, rules.FromClient, header(n, 100+n))
	}
	count(table, time.Second, client, rules.FromClient, header(2, 1000))
	count(table, time.Second, client, rules.ToClient, header(2, 50))
	table.Count(time.Second, client, rules.ToClient, &packet.Header{Version: 4, Src: header(0, 0).Src, Dst: header(0, 0).Dst}, 7) // not valid
	got := due(table, time.Second)
	if len(got) != 4 || got[0].Bytes != 100 {
		t.Fatalf("%+v", got)
	}
	want := []struct {
		src, dst       string
		packets, bytes uint64
	}{{"10.0.0.2", "0.0.0.0", 2, 1102}, {"fd00::3", "::", 1, 103}, {"0.0.0.0", "192.0.2.1", 2, 57}}
	for i, w := range want {
		r := got[i+1]
		if r.Src().String() != w.src || r.Dst().String() != w.dst || r.Packets != w.packets || r.Bytes != w.bytes || r.Protocol != 0 {
			t.Errorf("%s -> %s: %+v", r.Src(), r.Dst(), r)
		}
	}
	if rest := due(table, 2*time.Second); len(rest) != 0 {
		t.Errorf("again: %+v", rest)
	}
}

// A client with many flows does not evict those of others, and no client has more than its limit.
func TestClientsDoNotEvictEachOther(t *testing.T) {
	table := New(Limits{Flows: 20, PerClient: 12, Waiting: 1000}, maphash.MakeSeed())
	modest, greedy := table.Add(1, timeouts), table.Add(2, timeouts)
	for n := range 5 {
		count(table, 0, modest, rules.FromClient, header(n, 100))
	}
	for n := range 100 {
		count(table, 1, greedy, rules.FromClient, header(n, 100))
	}
	if modest.flows != 5 || greedy.flows != 12 {
		t.Errorf("%d and %d flows", modest.flows, greedy.flows)
	}
	third := table.Add(3, timeouts)
	for n := range 100 { // the table is full after three of them
		count(table, 2, third, rules.FromClient, header(n, 100))
	}
	if modest.flows != 5 || greedy.flows < 7 || third.flows < 7 || table.Stats().Flows != 20 {
		t.Errorf("%d, %d and %d flows", modest.flows, greedy.flows, third.flows)
	}
}

// segment is a TCP packet of a connection with flags, of either direction.
func segment(d rules.Direction, flags uint8) *packet.Header {
	h := header(0, 40)
	h.TCPFlags = flags
	return toward(d, h)
}

// name is a DNS packet: a query from the client, or its answer.
func name(d rules.Direction) *packet.Header {
	h := header(0, 60)
	h.Protocol, h.DstPort, h.TCPFlags = packet.UDP, dnsPort, 0
	return toward(d, h)
}

func toward(d rules.Direction, h *packet.Header) *packet.Header {
	if d == rules.ToClient {
		h.Src, h.Dst, h.SrcPort, h.DstPort = h.Dst, h.Src, h.DstPort, h.SrcPort
	}
	return h
}

func TestClosedFlowsEnd(t *testing.T) {
	const up, down = rules.FromClient, rules.ToClient
	type sent struct {
		at    time.Duration
		d     rules.Direction
		flags uint8 // of TCP; DNS has none
	}
	const ms = time.Millisecond
	const syn, ack, fin, rst = packet.SYN, packet.ACK, packet.FIN, packet.RST
	for title, c := range map[string]struct {
		packets []sent
		at      time.Duration
		ended   []uint64 // packets of each record
	}{
		"open":                         {[]sent{{0, up, syn}, {0, down, syn | ack}, {0, up, ack}}, 9 * time.Second, nil},
		"one FIN":                      {[]sent{{0, up, syn}, {0, down, syn | ack}, {0, up, fin}}, 9 * time.Second, nil},
		"both FINs, too early":         {[]sent{{0, up, fin}, {0, down, fin}}, 999 * ms, nil},
		"both FINs, and the last ACK":  {[]sent{{0, up, syn}, {0, up, fin}, {1, down, fin}, {500 * ms, up, ack}}, 1 + time.Second, []uint64{3, 1}},
		"a reset by the client":        {[]sent{{0, up, syn}, {0, down, ack}, {0, up, rst}}, time.Second, []uint64{2, 1}},
		"a reset by the other end":     {[]sent{{0, up, syn}, {0, down, rst | ack}}, time.Second, []uint64{1, 1}},
		"another connection":           {[]sent{{0, up, rst}, {10 * ms, up, syn}}, 900 * ms, []uint64{1}},
		"a query":                      {[]sent{{0, up, 0}}, 9 * time.Second, nil},
		"a query, answered":            {[]sent{{0, up, 0}, {20 * ms, down, 0}}, 1020 * ms, []uint64{1, 1}},
		"two queries, one answered":    {[]sent{{0, up, 0}, {0, up, 0}, {20 * ms, down, 0}}, 2 * time.Second, nil},
		"two queries, answered":        {[]sent{{0, up, 0}, {0, up, 0}, {20 * ms, down, 0}, {30 * ms, down, 0}}, 1030 * ms, []uint64{2, 2}},
		"a query, answered, and again": {[]sent{{0, up, 0}, {1, down, 0}, {2, up, 0}}, 2 * time.Second, nil},
	} {
		t.Run(title, func(t *testing.T) {
			table, client := one(8, 8)
			for _, s := range c.packets {
				h := segment(s.d, s.flags)
				if s.flags == 0 {
					h = name(s.d)
				}
				count(table, s.at, client, s.d, h)
			}
			got := due(table, c.at)
			var packets []uint64
			for _, r := range got {
				packets = append(packets, r.Packets)
				if r.End != EndDetected {
					t.Errorf("%+v", r)
				}
			}
			slices.Sort(packets)
			slices.Sort(c.ended)
			if !slices.Equal(packets, c.ended) {
				t.Errorf("ended with %d packets, want %d", packets, c.ended)
			}
		})
	}
}

// Whatever happens, each packet is in exactly one record.
func TestSumOfRecordsIsWhatPassed(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		flows := 1 + random.IntN(40)
		table := New(Limits{Flows: flows, PerClient: 1 + random.IntN(flows), Waiting: 1 + random.IntN(20)}, maphash.MakeSeed())
		clients := []*Client{table.Add(0, timeouts), table.Add(1, timeouts), table.Add(2, Timeouts{time.Minute, 2 * time.Second})}
		passed, recorded := map[[2]uint64]Amount{}, map[[2]uint64]Amount{}
		where := func(r *Record) [2]uint64 { return [2]uint64{r.Session, uint64(r.Direction)*10 + uint64(r.Version)} }
		add := func(to map[[2]uint64]Amount, r *Record) {
			a := to[where(r)]
			a.Add(r)
			to[where(r)] = a
		}
		take := func(records []Record) {
			for i := range records {
				r := &records[i]
				add(recorded, r)
				if r.Last < r.First || r.Packets == 0 {
					t.Fatalf("seed %d: %+v", seed, r)
				}
			}
		}
		var now time.Duration
		dst := make([]Record, 1+random.IntN(8))
		for range 4000 {
			now += time.Duration(random.IntN(500)) * time.Millisecond
			n, size, session, d := random.IntN(80), 20+random.IntN(1400), random.IntN(len(clients)), rules.Direction(1+random.IntN(2))
			for range 1 + random.IntN(3) {
				h := toward(d, header(n, size))
				if h.Protocol == packet.TCP && random.IntN(4) == 0 {
					h.TCPFlags = uint8(random.IntN(32))
				}
				if h.Protocol == packet.UDP && n%3 == 0 {
					if d == rules.ToClient {
						h.SrcPort = dnsPort
					} else {
						h.DstPort = dnsPort
					}
				}
				count(table, now, clients[session], d, h)
				r := Record{Packets: 1, Bytes: uint64(size)}
				keyOf(&r.Key, uint64(session), d, h)
				add(passed, &r)
			}
			checkTable(t, table)
			if random.IntN(20) > 0 {
				continue
			}
			for got := table.Due(now, dst); ; got = table.Due(now, dst) {
				take(dst[:got])
				if got < len(dst) {
					break
				}
			}
			for _, c := range clients {
				for i := c.ends[byUse].oldest; i != 0; i = table.all[i].in[byUse].newer {
					f := &table.all[i]
					if now-f.Last >= c.timeouts.Inactive || now-f.First >= c.timeouts.Active || f.closing && now-f.closed >= Linger {
						t.Fatalf("seed %d: was due at %v: %+v", seed, now, f.Record)
					}
				}
			}
			if random.IntN(4) == 0 { // a session ends, and another one begins
				i := random.IntN(len(clients))
				for got := table.Flush(clients[i], dst); got > 0; got = table.Flush(clients[i], dst) {
					take(dst[:got])
				}
				table.Remove(clients[i])
				clients[i] = table.Add(uint64(i), timeouts)
			}
		}
		for _, c := range clients {
			for got := table.Flush(c, dst); got > 0; got = table.Flush(c, dst) {
				take(dst[:got])
			}
		}
		stats := table.Stats()
		if stats.Flows != 0 || stats.Waiting != 0 || table.closing.oldest != 0 {
			t.Fatalf("seed %d: %+v after Flush", seed, stats)
		}
		for key, p := range passed {
			if r := recorded[key]; r.Bytes != p.Bytes || r.Packets != p.Packets {
				t.Fatalf("seed %d: %v: passed %+v, recorded %+v", seed, key, p, r)
			}
		}
	}
}

// checkTable checks the limits, and the order of clients by their number of flows.
func checkTable(t *testing.T, table *Table) {
	t.Helper()
	sum, most := 0, 0
	for _, c := range table.clients {
		if c != nil {
			sum, most = sum+c.flows, max(most, c.flows)
		}
	}
	if sum != table.stats.Flows || sum > table.limits.Flows || most != table.most || most > table.limits.PerClient {
		t.Fatalf("%d flows, the most are %d: %+v", sum, most, table.stats)
	}
}

func TestCountDoesNotAllocate(t *testing.T) {
	table, client := one(8, 8)
	var headers []*packet.Header
	for n := range 32 {
		headers = append(headers, header(n, 100))
	}
	dst := make([]Record, 8)
	var now time.Duration
	if n := testing.AllocsPerRun(100, func() {
		for _, h := range headers {
			count(table, now, client, rules.FromClient, h)
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
		table, client := one(flows, 1)
		for n := range flows {
			count(table, 0, client, rules.FromClient, header(n, 100))
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
	table, client := one(1<<16, 1<<10)
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
				count(table, time.Duration(i), client, rules.FromClient, headers[i/c.run%len(headers)])
			}
		})
	}
}
