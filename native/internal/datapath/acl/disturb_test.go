package acl

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

var stranger = netip.MustParseAddr("10.0.0.66")

// connect opens a TCP connection from the client.
func (w *wire) connect(a, b netip.AddrPort) {
	w.t.Helper()
	w.up("SYN", tcp(a, b, syn), true)
	w.down("SYN-ACK", tcp(b, a, synAck), true)
	w.up("ACK", tcp(a, b, ack), true)
}

// flows of each kind, opened by the client, and a check that they are still open.
func (w *wire) openFlows() (check func(when string)) {
	w.t.Helper()
	telnet, waiting := netip.AddrPortFrom(host.Addr(), 23), netip.AddrPortFrom(host.Addr(), 500)
	w.connect(mine, telnet)
	w.up("a datagram", udp(mine, host), true)
	w.down("its answer", udp(host, mine), true)
	w.up("a datagram that is not answered yet", udp(mine, waiting), true)
	w.up("an echo request", echo(mine.Addr(), host.Addr(), false, 7), true)
	w.down("its reply", echo(host.Addr(), mine.Addr(), true, 7), true)
	return func(when string) {
		w.t.Helper()
		w.down(when+": data", tcp(telnet, mine, ack), true)
		w.down(when+": a datagram", udp(host, mine), true)
		w.down(when+": an answer", udp(waiting, mine), true)
		w.down(when+": a reply", echo(host.Addr(), mine.Addr(), true, 7), true)
	}
}

// Nothing that a host sends which may open no flow passes, or changes the table, not even with the address and ports of an open flow.
func TestDeniedHostsCannotDisturbFlows(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	w := bound(t, nobodyIn...)
	check := w.openFlows()
	count := w.c.flows.count
	for n := range 4 * maxFlows {
		from := netip.AddrPortFrom(stranger, uint16(n))
		raw := [][]byte{
			tcp(from, mine, byte(r.IntN(256))),
			tcp(from, mine, ack),
			tcp(netip.AddrPortFrom(host.Addr(), 23), mine, byte(r.IntN(256))&^packet.ACK|syn),
			udp(from, mine),
			icmp(stranger, mine.Addr(), byte(r.IntN(256)), uint16(n)),
			unreachable(stranger, mine.Addr(), tcp(mine, from, syn)),
			unreachable(stranger, mine.Addr(), udp(mine, netip.AddrPortFrom(host.Addr(), uint16(n|1024)))),
			ip(47, 0, stranger, mine.Addr(), make([]byte, 8)),
		}[r.IntN(8)]
		if v := w.pass(raw, rules.ToClient); v.Allowed || v.Cut {
			t.Fatalf("seed %d: %+v for %x", seed, v, raw)
		}
	}
	if w.c.flows.count != count {
		t.Errorf("%d flows, before %d", w.c.flows.count, count)
	}
	check("afterwards")
}

// While connections may be open that the access point does not know, packets from their middle pass, but replace only each other.
func TestUnknownConnectionsReplaceOnlyEachOther(t *testing.T) {
	for _, answered := range []bool{false, true} {
		w := &wire{t: t, now: time.Hour}
		w.c.Begin(compiled(nobodyIn...), w.now)
		check := w.openFlows()
		for n := range 4 * maxFlows {
			from := netip.AddrPortFrom(stranger, uint16(n))
			w.down("from the middle", tcp(from, mine, ack), true)
			if answered { // as a host does that does not know the connection
				w.up("reset", tcp(mine, from, packet.RST), true)
			}
		}
		check("afterwards")
		if n := w.c.flows.count; n > limits[hostPending]+4 {
			t.Errorf("%d flows", n)
		}
	}
}

// Hosts that may open flows replace only flows that hosts have opened, and with forged addresses only those that are not answered.
func TestHostsReplaceOnlyFlowsOfHosts(t *testing.T) {
	w := bound(t, both46(func(r *published) { r.Policy = "accept" })...)
	check := w.openFlows()
	served := netip.AddrPortFrom(host.Addr(), 9999)
	w.down("SYN", tcp(served, mine, syn), true)
	w.up("SYN-ACK", tcp(mine, served, synAck), true)
	w.down("ACK", tcp(served, mine, ack), true)
	for n := range 4 * maxFlows {
		from := netip.AddrPortFrom(stranger, uint16(n))
		w.down("SYN", tcp(from, mine, syn), true)
		w.up("SYN-ACK", tcp(mine, from, synAck), true)
	}
	check("after SYNs with forged addresses")
	w.set(append(both46(nil), nobodyIn...)...)
	if v := w.up("the known connection", tcp(mine, served, ack), false); !v.Cut {
		t.Error("the connection is no longer known")
	}
	w.set(both46(func(r *published) { r.Policy = "accept" })...)
	for n := range 4 * maxFlows {
		from := netip.AddrPortFrom(stranger, uint16(n))
		w.down("SYN", tcp(from, mine, syn), true)
		w.up("SYN-ACK", tcp(mine, from, synAck), true)
		w.down("ACK", tcp(from, mine, ack), true)
	}
	check("after many connections")
	if n := w.c.flows.count; n > limits[hostPending]+limits[hostAnswered]+4 {
		t.Errorf("%d flows", n)
	}
}

// After the access point was restarted, or the client came from another one, open connections go on. Later, only an end that may open a
// connection may continue one.
func TestConnectionsGoOnAtAnotherAccessPoint(t *testing.T) {
	begun := func(list ...published) *wire {
		w := &wire{t: t, now: time.Hour}
		w.c.Begin(compiled(list...), w.now)
		return w
	}
	w := begun(nobodyIn...)
	w.now += unknownAge - 1
	w.down("data", tcp(host, mine, ack), true)
	w.up("ACK", tcp(mine, host, ack), true)
	w.now += 30 * time.Minute
	w.down("data of a connection that is known now", tcp(host, mine, ack), true)

	w = begun(nobodyIn...)
	w.now += unknownAge
	if v := w.down("data too late", tcp(host, mine, ack), false); v.Cut {
		t.Error("an unknown connection is cut")
	}
	w.up("data of the client, which may open the connection", tcp(mine, host, ack), true)
	w.down("data", tcp(host, mine, ack), true)

	w = begun(both46(nil)...) // the client may open nothing
	if v := w.up("data", tcp(mine, host, ack), false); v.Cut {
		t.Error("an unknown connection is cut")
	}
	w.down("data", tcp(host, mine, ack), false)
	for _, list := range [][]published{both46(nil), nobodyIn, nil} { // a SYN is sent again if it is not answered
		w = begun(list...)
		w.up("SYN-ACK without SYN", tcp(mine, host, synAck), false)
		w.down("SYN-ACK without SYN", tcp(host, mine, synAck), false)
	}
}

// An ICMP error passes only about a packet of a known flow which its recipient has sent.
func TestErrorsPassOnlyAboutKnownFlows(t *testing.T) {
	for _, ends := range [][2]netip.AddrPort{{mine, host}, {mine6, host6}} {
		a, b := ends[0], ends[1]
		for name, list := range map[string][]published{"nothing out": both46(nil), "nothing in": nobodyIn, "no rule": nil} {
			w := bound(t, list...)
			for _, sent := range [][2][]byte{{tcp(a, b, syn), tcp(b, a, syn)}, {udp(a, b), udp(b, a)},
				{echo(a.Addr(), b.Addr(), false, 7), echo(b.Addr(), a.Addr(), false, 7)}} {
				up, down := unreachable(a.Addr(), b.Addr(), sent[1]), unreachable(b.Addr(), a.Addr(), sent[0])
				w.up(name+": about nothing", up, false)
				w.down(name+": about nothing", down, false)
				if name != "nothing out" {
					w.up(name, sent[0], true)
					w.down(name+": about it", down, true)
					w.up(name+": about a packet that was not sent", up, false)
				}
				if name != "nothing in" {
					w.down(name, sent[1], true)
					w.up(name+": about it", up, true)
				}
			}
			foreign := netip.MustParseAddrPort("10.90.0.77:5555")
			w.up(name+": about another client's flow", unreachable(mine.Addr(), host.Addr(), udp(host, foreign)), false)
		}
	}
}
