package acl

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

var (
	mine  = netip.MustParseAddrPort("10.90.0.2:40000")
	host  = netip.MustParseAddrPort("10.0.0.80:80")
	mine6 = netip.MustParseAddrPort("[fd00:5a9::2]:40000")
	host6 = netip.MustParseAddrPort("[fd10::80]:80")
)

const (
	syn    = packet.SYN
	synAck = packet.SYN | packet.ACK
	ack    = packet.ACK
)

// rule is a published rule for both address families: two rules.
func both46(change func(*published)) []published {
	six := everything(func(r *published) { r.DestCidr, r.SourceCidr = "::/0", "::/0" })
	if change != nil {
		change(&six)
	}
	return []published{everything(change), six}
}

func in(r *published) { r.Direction = "in" }

// nobodyIn is the usual list: clients may open flows, but nobody may open one to them.
var nobodyIn = both46(in)

func TestAnswersPass(t *testing.T) {
	for _, ends := range [][2]netip.AddrPort{{mine, host}, {mine6, host6}} {
		a, b := ends[0], ends[1]
		w := bound(t, nobodyIn...)
		w.down("a connection", tcp(b, a, syn), false)
		w.up("SYN", tcp(a, b, syn), true)
		w.down("SYN-ACK", tcp(b, a, synAck), true)
		w.up("ACK", tcp(a, b, ack), true)
		w.down("data", tcp(b, a, ack), true)
		w.down("a datagram", udp(b, a), false)
		w.up("a datagram", udp(a, b), true)
		w.down("the answer", udp(b, a), true)
		w.down("from another port", udp(netip.AddrPortFrom(b.Addr(), 81), a), false)
		w.down("to another port", udp(b, netip.AddrPortFrom(a.Addr(), 1)), false)
		w.down("an echo request", echo(b.Addr(), a.Addr(), false, 1), false)
		w.up("an echo request", echo(a.Addr(), b.Addr(), false, 7), true)
		w.down("its reply", echo(b.Addr(), a.Addr(), true, 7), true)
		w.down("an error about the datagram", unreachable(b.Addr(), a.Addr(), udp(a, b)), true)
		w.down("an error of a router", unreachable(netip.MustParseAddr(map[bool]string{true: "10.9.9.9", false: "fd99::1"}[a.Addr().Is4()]), a.Addr(), tcp(a, b, ack)), true)
		w.down("an error about another's packet", unreachable(b.Addr(), a.Addr(), udp(b, a)), false)
		w.down("an error about half a packet", unreachable(b.Addr(), a.Addr(), udp(a, b)[:20]), false)
		w.now += udpIdle + 1
		w.down("an answer after the idle timeout", udp(b, a), false)
		w.down("data after it", tcp(b, a, ack), true)
	}
}

func TestAnswersOfTheClientPass(t *testing.T) {
	w := bound(t, both46(nil)...)
	w.up("a connection", tcp(mine, host, syn), false)
	w.up("a datagram", udp(mine, host), false)
	w.up("an echo request", echo(mine.Addr(), host.Addr(), false, 1), false)
	w.down("a connection", tcp(host, mine, syn), true)
	w.up("SYN-ACK", tcp(mine, host, synAck), true)
	w.down("a datagram", udp(host, mine), true)
	w.up("the answer", udp(mine, host), true)
	w.down("an echo request", echo(host.Addr(), mine.Addr(), false, 1), true)
	w.up("its reply", echo(mine.Addr(), host.Addr(), true, 1), true)
	w.up("an error about the datagram", unreachable(mine.Addr(), host.Addr(), udp(host, mine)), true)
}

// A change is in force with the next packet of an open flow, in both directions.
func TestChangeCutsOpenFlows(t *testing.T) {
	for _, first := range []string{"client", "host"} {
		w := bound(t, nobodyIn...)
		w.up("SYN", tcp(mine, host, syn), true)
		w.down("SYN-ACK", tcp(host, mine, synAck), true)
		w.up("a datagram", udp(mine, host), true)
		w.set(append(both46(nil), nobodyIn...)...)
		if first == "client" {
			if v := w.up("data after the change", tcp(mine, host, ack), false); !v.Cut {
				t.Error("not cut")
			}
		}
		if v := w.down("data after the change", tcp(host, mine, ack), false); !v.Cut {
			t.Error("not cut")
		}
		if v := w.up("again", tcp(mine, host, ack), false); !v.Cut {
			t.Error("not cut")
		}
		w.down("an answer after the change", udp(host, mine), false)
		w.up("a datagram after the change", udp(mine, host), false)
		w.set(nobodyIn...)
		w.up("allowed again", tcp(mine, host, ack), true)
		w.down("allowed again", udp(host, mine), true)
	}
}

// A connection that was opened from outside is cut by a rule for this direction.
func TestChangeCutsFlowsFromOutside(t *testing.T) {
	w := bound(t, everything(func(r *published) { r.Policy = "accept" }))
	w.down("SYN", tcp(host, mine, syn), true)
	w.up("SYN-ACK", tcp(mine, host, synAck), true)
	w.set(nobodyIn...)
	if v := w.down("data", tcp(host, mine, ack), false); !v.Cut {
		t.Error("not cut")
	}
	w.up("data", tcp(mine, host, ack), false)
	w.up("a new connection with the same ports", tcp(mine, host, syn), true)
	w.down("its answer", tcp(host, mine, synAck), true)
}

// Flows that were open before a list was bound are not known. They are regarded as opened by the client.
func TestFirstListCutsUnknownFlows(t *testing.T) {
	dropUDPAndTCP := both46(nil)
	for _, first := range []string{"client", "host"} {
		w := &wire{t: t, now: time.Hour}
		w.up("without a list", tcp(mine, host, ack), true)
		w.set(dropUDPAndTCP...)
		if first == "host" {
			if v := w.down("data", tcp(host, mine, ack), false); !v.Cut {
				t.Error("not cut")
			}
			w.down("a datagram", udp(host, mine), false)
		}
		if v := w.up("data", tcp(mine, host, ack), false); !v.Cut {
			t.Error("not cut")
		}
		w.up("a datagram", udp(mine, host), false)
		w.now += unknownAge
		w.down("a datagram of a new flow", udp(host, mine), true)
		w.c.Set(nil, w.now)
		w.up("the list is taken away", tcp(mine, host, ack), true)
	}
}

func TestUnknownFlowsThatAreAllowedContinue(t *testing.T) {
	w := &wire{t: t, now: time.Hour}
	w.set(nobodyIn...)
	w.down("data of a connection", tcp(host, mine, ack), true)
	w.up("a datagram", udp(mine, host), true)
	w.down("its answer", udp(host, mine), true)
}

func TestFragmentsFollowTheFirst(t *testing.T) {
	onlyDNS := append(both46(func(r *published) { r.Policy, r.Priority, r.IpProtocol, r.DestPortRange = "accept", 1, "UDP", "53/53" }), both46(nil)...)
	for _, ends := range [][2]netip.AddrPort{{mine, host}, {mine6, host6}} {
		from, to := ends[0].Addr(), ends[1].Addr()
		w := bound(t, onlyDNS...)
		later := ip(packet.UDP, 2, from, to, make([]byte, 16))
		w.up("a later fragment before the first", later, false)
		w.up("first fragment to another port", ip(packet.UDP, 0x2000, from, to, udpBody(40000, 54)), false)
		w.up("later fragment", later, false)
		w.up("first fragment", ip(packet.UDP, 0x2000, from, to, udpBody(40000, 53)), true)
		w.up("later fragment", later, true)
		w.down("of another sender", ip(packet.UDP, 2, to, from, make([]byte, 16)), false)
		w.now += fragmentAge + 1
		w.up("too late", later, false)
		w.up("without ports", ip(packet.UDP, 0x2000, from, to, make([]byte, 7)), false)
		// The fragments that are remembered are limited.
		first := ip(packet.UDP, 0x2000, from, to, udpBody(40000, 53))
		for i := range 10 * maxFragmented {
			if from.Is4() {
				first[4], first[5] = byte(i>>8), byte(i)
			} else {
				first[46], first[47] = byte(i>>8), byte(i)
			}
			w.up("one of many", first, true)
		}
		if n := len(w.c.fragments.all); n != maxFragmented {
			t.Errorf("%d fragmented packets are remembered", n)
		}
	}
}

// A fragment at offset 8 can overwrite the flags of the first fragment.
func TestFragmentOverTCPFlags(t *testing.T) {
	w := bound(t, both46(func(r *published) { r.IpProtocol = "UDP" })...)
	first := ip(packet.TCP, 0x2000, mine.Addr(), host.Addr(), tcp(mine, host, ack)[20:])
	w.up("first fragment", first, true)
	w.up("over the flags", ip(packet.TCP, 1, mine.Addr(), host.Addr(), make([]byte, 8)), false)
	w.up("behind them", ip(packet.TCP, 3, mine.Addr(), host.Addr(), make([]byte, 8)), true)
}

func TestMalformedPacketsAreDropped(t *testing.T) {
	w := bound(t, both46(func(r *published) { r.Policy = "accept" })...)
	w.up("nothing", nil, false)
	w.up("half a packet", tcp(mine, host, syn)[:30], false)
	w.up("no ports", ip(packet.TCP, 0, mine.Addr(), host.Addr(), []byte{1, 2, 3, 4}), false)
	w.up("GRE", ip(47, 0, mine.Addr(), host.Addr(), make([]byte, 8)), true)
	w.c.Set(nil, 0)
	w.up("without a list, this is not the place to drop it", nil, true)
}

func TestEveryICMPTypeIsICMP(t *testing.T) {
	w := bound(t, both46(func(r *published) { r.IpProtocol = "ICMP" })...)
	w.up("a timestamp request", ip(packet.ICMP, 0, mine.Addr(), host.Addr(), []byte{13, 0, 0, 0, 0, 0, 0, 0}), false)
	w.up("a router solicitation", ip(packet.ICMPv6, 0, mine6.Addr(), host6.Addr(), []byte{133, 0, 0, 0, 0, 0, 0, 0}), false)
	w.up("an echo request", echo(mine.Addr(), host.Addr(), false, 1), false)
	w.up("an echo request", echo(mine6.Addr(), host6.Addr(), false, 1), false)
	w.up("ICMPv6 in IPv4", ip(packet.ICMPv6, 0, mine.Addr(), host.Addr(), []byte{128, 0, 0, 0, 0, 0, 0, 0}), false)
	w.up("UDP", udp(mine, host), true)
}

// SYN without ACK opens a connection, whatever other flags there are.
func TestSYNWithOtherFlagsOpensAConnection(t *testing.T) {
	for flags := range 256 {
		if flags&(packet.SYN|packet.ACK) != packet.SYN {
			continue
		}
		w := bound(t, nobodyIn...)
		w.down("from outside", tcp(host, mine, byte(flags)), false)
		w.up("from the client", tcp(mine, host, byte(flags)), true)
		w = bound(t, both46(nil)...)
		w.up("from the client", tcp(mine, host, byte(flags)), false)
		w.down("from outside", tcp(host, mine, byte(flags)), true)
	}
}

// Packets that pass while the list changes are decided by one of the lists.
func TestChangesAreAtomic(t *testing.T) {
	only := func(port string) []published {
		return []published{
			everything(func(r *published) {
				r.Policy, r.Priority, r.IpProtocol, r.DestPortRange = "accept", 1, "TCP", port+"/"+port
			}),
			everything(nil),
		}
	}
	// Both lists allow port 80 and deny port 81.
	lists := []*List{compiled(only("80")...), compiled(append(only("82"), only("80")[0])...)}
	c := &Client{}
	c.Begin(lists[0], 0)
	done := make(chan struct{})
	var traffic sync.WaitGroup
	for direction, packets := range map[rules.Direction][2][]byte{
		rules.FromClient: {tcp(mine, host, ack), tcp(mine, netip.AddrPortFrom(host.Addr(), 81), ack)},
		rules.ToClient:   {tcp(host, mine, ack), tcp(netip.AddrPortFrom(host.Addr(), 81), mine, ack)},
	} {
		traffic.Go(func() {
			var allowed, denied packet.Header
			packet.Parse(packets[0], &allowed)
			packet.Parse(packets[1], &denied)
			for {
				select {
				case <-done:
					return
				default:
				}
				if !c.Pass(&allowed, packets[0], direction, time.Hour).Allowed {
					t.Error("refused what both lists allow")
					return
				}
				if c.Pass(&denied, packets[1], direction, time.Hour).Allowed {
					t.Error("allowed what both lists deny")
					return
				}
			}
		})
	}
	for n := range 10_000 {
		c.Set(lists[n%2], time.Hour)
	}
	close(done)
	traffic.Wait()
}
