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
	opened := func() {
		w.up("SYN", tcp(mine, host, syn), true)
		w.down("SYN-ACK", tcp(host, mine, synAck), true)
	}
	idle := func() time.Duration { return w.c.flows.all[w.c.flows.newest].idle() }
	w.up("SYN", tcp(mine, host, syn), true)
	if idle() != openIdle {
		t.Errorf("before the answer: %v", idle())
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

// A flow beyond the limit replaces the one that was idle longest; others are not affected.
func TestFlowsAreLimited(t *testing.T) {
	w := bound(t, nobodyIn...)
	for n := range maxFlows {
		w.up("a datagram", udp(mine, numbered(n)), true)
		w.now += time.Millisecond
	}
	w.down("the oldest is used", udp(numbered(0), mine), true)
	for n := range 10 {
		w.up("one more", udp(mine, numbered(maxFlows+n)), true)
	}
	if w.c.flows.count != maxFlows || len(w.c.flows.all) != maxFlows+1 {
		t.Errorf("%d flows of %d", w.c.flows.count, len(w.c.flows.all))
	}
	w.down("used", udp(numbered(0), mine), true)
	for n := 1; n <= 10; n++ {
		w.down("replaced", udp(numbered(n), mine), false)
	}
	w.down("the next one", udp(numbered(11), mine), true)
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

// The table agrees with a map, whatever is added, used and removed.
func TestFlowsAgreeWithMap(t *testing.T) {
	seed := uint64(rand.Int64())
	r := rand.New(rand.NewPCG(seed, 0))
	var table flows
	want := map[key]time.Duration{}
	now := time.Duration(0)
	for range 50_000 {
		now += time.Duration(1+r.IntN(100)) * time.Millisecond
		k := keyOf(Flow{Remote: numbered(r.IntN(900)).Addr(), RemotePort: uint16(r.IntN(2))}, &packet.Header{Protocol: packet.UDP, Version: 4})
		i := table.find(&k, now)
		used, there := want[k]
		if there = there && now-used <= udpIdle; there != (i != 0) {
			t.Fatalf("seed %d: found %d, want %v", seed, i, there)
		}
		switch {
		case i == 0:
			table.add(flow{key: k, opened: rules.FromClient, used: now})
			want[k] = now
			if len(want) > maxFlows {
				oldest := k
				for other, at := range want {
					if at < want[oldest] {
						oldest = other
					}
				}
				delete(want, oldest)
			}
		case r.IntN(4) == 0:
			table.remove(i)
			delete(want, k)
		default:
			table.use(i, now)
			want[k] = now
		}
	}
}

func TestPassDoesNotAllocate(t *testing.T) {
	w := bound(t, nobodyIn...)
	c := &w.c
	c.Begin(twoHundred())
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
	c.Begin(twoHundred())
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
