package acl

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// exchange is a kind of ICMP request and its answer.
type exchange struct {
	name            string
	version         int
	request, answer byte
}

var exchanges = []exchange{
	{"echo", 4, 8, 0}, {"timestamp", 4, 13, 14}, {"information", 4, 15, 16}, {"address mask", 4, 17, 18}, {"extended echo", 4, 42, 43},
	{"echo", 6, 128, 129}, {"node information", 6, 139, 140}, {"home agent", 6, 144, 145}, {"mobile prefix", 6, 146, 147},
	{"extended echo", 6, 160, 161},
}

// ends are the client's address and the host's.
func (e exchange) ends() (client, remote netip.Addr) {
	if e.version == 4 {
		return mine.Addr(), host.Addr()
	}
	return mine6.Addr(), host6.Addr()
}

// icmp returns an ICMP message.
func icmp(from, to netip.Addr, message byte, id uint16) []byte {
	protocol := byte(packet.ICMP)
	if from.Is6() {
		protocol = packet.ICMPv6
	}
	return ip(protocol, 0, from, to, []byte{message, 0, 0, 0, byte(id >> 8), byte(id), 0, 1})
}

// An answer that nobody has asked for is refused, and opens nothing.
func TestUnsolicitedICMPAnswersAreRefused(t *testing.T) {
	for _, e := range exchanges {
		t.Run(fmt.Sprint(e.version, " ", e.name), func(t *testing.T) {
			a, b := e.ends()
			for name, w := range map[string]*wire{"from the start": bound(t, both46(nil)...), "the first list": {t: t, now: time.Hour}} {
				w.set(both46(nil)...) // nothing from the client
				w.up(name+": request", icmp(a, b, e.request, 7), false)
				w.up(name+": answer", icmp(a, b, e.answer, 7), false)
				w.up(name+": request after it", icmp(a, b, e.request, 7), false)
				w.down(name+": request of the other end", icmp(b, a, e.request, 7), true)
				w.up(name+": answer to it", icmp(a, b, e.answer, 7), true)
				w.up(name+": request with its identifier", icmp(a, b, e.request, 7), false)
				w.up(name+": answer with another identifier", icmp(a, b, e.answer, 8), false)
				w.now += otherIdle + 1
				w.up(name+": answer after the idle timeout", icmp(a, b, e.answer, 7), false)
			}
			w := bound(t, nobodyIn...)
			w.down("request", icmp(b, a, e.request, 9), false)
			w.down("answer", icmp(b, a, e.answer, 9), false)
			w.down("request after it", icmp(b, a, e.request, 9), false)
			w.up("request of the other end", icmp(a, b, e.request, 9), true)
			w.down("answer to it", icmp(b, a, e.answer, 9), true)
			w.down("request with its identifier", icmp(b, a, e.request, 9), false)
			w.down("of another host", icmp(map[int]netip.Addr{4: numbered(1).Addr(), 6: netip.MustParseAddr("fd10::81")}[e.version], a, e.answer, 9), false)
			for _, other := range exchanges {
				if other.version == e.version && other != e {
					w.down("answer of another kind", icmp(b, a, other.answer, 9), false)
				}
			}
		})
	}
}

// ICMP of the other IP version is refused, and has no flows that ICMP of the packet's own version could use.
func TestICMPOfTheOtherVersionIsRefused(t *testing.T) {
	for _, ends := range [][2]netip.Addr{{mine.Addr(), host.Addr()}, {mine6.Addr(), host6.Addr()}} {
		a, b := ends[0], ends[1]
		other := byte(packet.ICMP)
		if a.Is4() {
			other = packet.ICMPv6
		}
		for message := range 256 {
			body := []byte{byte(message), 0, 0, 0, 0, 0, 0, 0}
			w := bound(t, both46(func(r *published) { r.IpProtocol = "icmp" })...)
			w.up("of the other version", ip(other, 0, a, b, body), false)
			w.up("echo request with identifier 0", echo(a, b, false, 0), false)
			w.down("of the other version", ip(other, 0, b, a, body), false)
			w = bound(t, both46(func(r *published) { r.Policy = "accept" })...)
			w.up("of the other version, all allowed", ip(other, 0, a, b, body), false)
			w.up("echo request", echo(a, b, false, 0), true)
		}
	}
}

// Whatever ICMP messages pass, in any order: each is allowed by the list for its sender, or answers a request that was.
func TestICMPMessagesAgreeWithReference(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	type asked struct {
		version int
		request byte
		id      uint16
		by      rules.Direction
	}
	for range 300 {
		denied := map[rules.Direction]bool{rules.FromClient: r.IntN(2) == 0, rules.ToClient: r.IntN(2) == 0}
		var list []published
		if denied[rules.FromClient] {
			list = append(list, both46(func(p *published) { p.IpProtocol = "ICMP" })...)
		}
		if denied[rules.ToClient] {
			list = append(list, both46(func(p *published) { p.IpProtocol, p.Direction = "ICMP", "in" })...)
		}
		w := bound(t, list...)
		open := map[asked]bool{}
		for range 100 {
			e, id, direction, isAnswer := exchanges[r.IntN(len(exchanges))], uint16(r.IntN(2)), rules.FromClient+rules.Direction(r.IntN(2)), r.IntN(2) == 0
			from, to := e.ends()
			if direction == rules.ToClient {
				from, to = to, from
			}
			message, want := e.request, !denied[direction]
			if isAnswer {
				message, want = e.answer, open[asked{e.version, e.request, id, opposite(direction)}]
			} else if want {
				open[asked{e.version, e.request, id, direction}] = true
			}
			if got := w.pass(icmp(from, to, message, id), direction).Allowed; got != want {
				t.Fatalf("seed %d: %+v, answer %v, identifier %d, direction %d: %v; denied %v", seed, e, isAnswer, id, direction, got, denied)
			}
		}
	}
}
