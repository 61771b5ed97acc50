package acl

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

func numbered(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 80)
}

func TestDNSFlowEndsWithItsAnswers(t *testing.T) {
	w := bound(t, nobodyIn...)
	resolver := netip.AddrPortFrom(host.Addr(), 53)
	w.up("A", udp(mine, resolver), true)
	w.up("AAAA", udp(mine, resolver), true)
	w.down("first answer", udp(resolver, mine), true)
	w.down("second answer", udp(resolver, mine), true)
	w.down("unasked", udp(resolver, mine), false)
	if w.c.flows.count != 0 {
		t.Errorf("%d flows are left", w.c.flows.count)
	}
	w.up("a query that is not answered", udp(mine, resolver), true)
	w.now += dnsIdle + 1
	w.down("too late", udp(resolver, mine), false)
}

func TestClosedConnectionsEnd(t *testing.T) {
	const fin = packet.FIN | packet.ACK
	w := bound(t, nobodyIn...)
	opened := func() { w.connect(mine, host) }
	idle := func() time.Duration {
		k := keyOf(Flow{Remote: host.Addr(), RemotePort: host.Port(), ClientPort: mine.Port()}, &packet.Header{Protocol: packet.TCP, Version: 4})
		return w.c.flows.all[w.c.flows.find(&k, w.now)].idle()
	}
	w.up("SYN", tcp(mine, host, syn), true)
	if idle() != openIdle {
		t.Errorf("before the answer: %v", idle())
	}
	w.down("SYN-ACK", tcp(host, mine, synAck), true)
	if idle() != openIdle {
		t.Errorf("before the acknowledgement: %v", idle())
	}
	opened()
	if idle() != tcpIdle {
		t.Errorf("open: %v", idle())
	}
	w.up("FIN", tcp(mine, host, fin), true)
	if idle() != tcpIdle {
		t.Errorf("half closed: %v", idle())
	}
	w.down("FIN", tcp(host, mine, fin), true)
	if idle() != closedIdle {
		t.Errorf("closed: %v", idle())
	}
	opened()
	if idle() != tcpIdle {
		t.Errorf("opened again: %v", idle())
	}
	w.down("RST", tcp(host, mine, packet.RST), true)
	if idle() != closedIdle {
		t.Errorf("reset: %v", idle())
	}
}

// A flow beyond the limit replaces the one of its list that was idle longest; others are not affected.
func TestFlowsAreLimited(t *testing.T) {
	for _, answered := range []bool{false, true} {
		limit := limits[clientPending]
		if answered {
			limit = limits[clientAnswered]
		}
		w := bound(t, nobodyIn...)
		send := func(n int) {
			w.up("a datagram", udp(mine, numbered(n)), true)
			if answered {
				w.down("its answer", udp(numbered(n), mine), true)
			}
		}
		for n := range limit {
			send(n)
			w.now += time.Millisecond
		}
		send(0) // the oldest is used
		for n := range 10 {
			send(limit + n)
		}
		if w.c.flows.count != limit {
			t.Errorf("%d flows", w.c.flows.count)
		}
		for n := 1; n <= 10; n++ {
			w.down("replaced", udp(numbered(n), mine), false)
		}
		w.down("used", udp(numbered(0), mine), true)
		w.down("the next one", udp(numbered(11), mine), true)
	}
	// Idle flows are replaced before the table grows.
	small := bound(t, nobodyIn...)
	for n := range 10 * maxFlows {
		small.up("a datagram", udp(mine, numbered(n)), true)
		small.now += udpIdle
	}
	if n := len(small.c.flows.all); n > 20 {
		t.Errorf("the table has grown to %d", n)
	}
}

func TestLimitsAddUp(t *testing.T) {
	sum := 0
	for _, limit := range limits {
		sum += limit
	}
	if sum != maxFlows {
		t.Errorf("the sum is %d", sum)
	}
}

// The table agrees with a map, whatever is added, used, answered, ended and removed.
func TestFlowsAgreeWithMap(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	type entry struct {
		used time.Duration
		list uint8
	}
	var table flows
	want := map[key]entry{}
	now := time.Duration(0)
	place := func(k key, e entry) { // replaces the oldest of the list if it is full
		n, oldest := 0, k
		for other, at := range want {
			if other != k && at.list == e.list {
				if n++; oldest == k || at.used < want[oldest].used {
					oldest = other
				}
			}
		}
		if n >= limits[e.list] {
			delete(want, oldest)
		}
		want[k] = e
	}
	full := map[uint8]bool{}
	for range 15_000 {
		now += time.Duration(1+r.IntN(80)) * time.Millisecond
		for k, e := range want { // the table drops flows that have ended only when it is asked about them
			if now-e.used > udpIdle {
				delete(want, k)
			}
		}
		k := keyOf(Flow{Remote: numbered(r.IntN(1500)).Addr(), RemotePort: uint16(r.IntN(2))}, &packet.Header{Protocol: packet.UDP, Version: 4})
		i := table.find(&k, now)
		e, there := want[k]
		if there != (i != 0) {
			t.Fatalf("seed %d: found %d, want %v", seed, i, there)
		}
		switch {
		case i == 0:
			first := rules.FromClient + rules.Direction(r.IntN(2))
			table.add(flow{key: k, opened: rules.FromClient, list: pending(first), seen: 1 << first, used: now})
			place(k, entry{now, map[rules.Direction]uint8{rules.FromClient: clientPending, rules.ToClient: hostPending}[first]})
		case r.IntN(8) == 0:
			table.remove(i)
			delete(want, k)
		default:
			table.use(i, now)
			table.all[i].seen = both
			table.settle(i)
			place(k, entry{now, clientAnswered + e.list%2})
		}
		counts := [len(limits)]int{}
		for _, e := range want {
			counts[e.list]++
		}
		for list, limit := range limits {
			if counts[list] > table.lists[list].count || table.lists[list].count > limit {
				t.Fatalf("seed %d: list %d has %d flows, want %d", seed, list, table.lists[list].count, counts[list])
			}
			full[uint8(list)] = full[uint8(list)] || counts[list] == limit
		}
	}
	if !full[clientPending] || !full[hostPending] {
		t.Errorf("no list has been full: %v", full)
	}
}

func TestPassDoesNotAllocate(t *testing.T) {
	w := bound(t, nobodyIn...)
	c := &w.c
	c.Begin(twoHundred(), 0)
	var up, down packet.Header
	raw, answer := tcp(mine, host, ack), tcp(host, mine, ack)
	packet.Parse(raw, &up)
	packet.Parse(answer, &down)
	if n := testing.AllocsPerRun(1000, func() {
		if c.Pass(&up, raw, rules.FromClient, time.Hour).Allowed || c.Pass(&down, answer, rules.ToClient, time.Hour).Allowed {
			t.Fatal("allowed by port 80 of 200")
		}
		up.DstPort, down.SrcPort = up.DstPort^0x8000, down.SrcPort^0x8000
		if !c.Pass(&up, raw, rules.FromClient, time.Hour).Allowed || !c.Pass(&down, answer, rules.ToClient, time.Hour).Allowed {
			t.Fatal("refused")
		}
		up.DstPort, down.SrcPort = up.DstPort^0x8000, down.SrcPort^0x8000
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPass200 is the cost of a packet under 200 rules: of an open flow, and of a flow of its own.
func BenchmarkPass200(b *testing.B) {
	c := &Client{}
	c.Begin(twoHundred(), 0)
	raw := tcp(mine, netip.AddrPortFrom(host.Addr(), 1000), ack)
	var h packet.Header
	packet.Parse(raw, &h)
	b.Run("open flow", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Pass(&h, raw, rules.FromClient, time.Hour)
		}
	})
	b.Run("new flow", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			h.SrcPort = uint16(n)
			c.Pass(&h, raw, rules.FromClient, time.Hour)
		}
	})
	b.Run("refused", func(b *testing.B) {
		h.DstPort = 199
		b.ReportAllocs()
		for b.Loop() {
			if c.Pass(&h, raw, rules.FromClient, time.Hour).Allowed {
				b.Fatal("allowed")
			}
		}
	})
}
