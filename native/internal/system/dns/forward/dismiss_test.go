package forward

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// asks sends questions at once, and gives what they are answered with: code, and number of addresses.
func (w *world) asks(t *testing.T, network, name string, times int) <-chan string {
	t.Helper()
	codes := make(chan string, times)
	for range times {
		go func() {
			query := new(dns.Msg)
			query.SetQuestion(name, dns.TypeA)
			query.SetEdns0(4096, false)
			client := dns.Client{Net: network, Timeout: 2 * limit}
			reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.port).String())
			switch {
			case err != nil:
				t.Error(err)
				codes <- err.Error()
			case reply.IsEdns0() == nil:
				t.Error("the answer knows of no EDNS")
				fallthrough
			default:
				codes <- fmt.Sprint(dns.RcodeToString[reply.Rcode], " ", len(reply.Answer))
			}
		}()
	}
	return codes
}

// silent says nothing inside, and tells of each question.
func (w *world) silent() <-chan string {
	heard := make(chan string, 4*atOnce)
	answer := *w.answer.Load()
	w.says(func(q *dns.Msg) *dns.Msg {
		if name := q.Question[0].Name; dns.IsSubDomain("corp.test.", name) {
			heard <- name
			return nil
		}
		reply := answer(q)
		if q.IsEdns0() != nil {
			reply.SetEdns0(datagram, false)
		}
		return reply
	})
	return heard
}

// A program that waits for an answer from inside when the intranet is left must not go on to ask outside: it hears that nothing
// is known of the name, at once and before Dismiss returns.
func TestDismiss(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	heard := w.silent()
	waiting := map[string]<-chan string{}
	for _, network := range []string{"udp", "tcp"} {
		waiting[network] = w.asks(t, network, "portal.corp.test.", 1)
		<-heard
	}
	before := w.asked[inside].Load()
	w.Dismiss()
	select {
	case <-w.rooms[inside].deserted():
	default:
		t.Error("somebody still waits")
	}
	for _, network := range []string{"udp", "tcp"} {
		if code := <-waiting[network]; code != "NOERROR 0" {
			t.Errorf("%s: who waited hears %s", network, code)
		}
		if code := <-w.asks(t, network, "portal.corp.test.", 1); code != "NOERROR 0" {
			t.Errorf("%s: who asks now hears %s", network, code)
		}
		if code := <-w.asks(t, network, "www.world.test.", 1); code != "NOERROR 1" {
			t.Errorf("%s: outside says %s", network, code)
		}
	}
	if w.asked[inside].Load() != before {
		t.Error("the inside was asked again")
	}
}

// More than can wait are told at once, or they would ask others later on; and the outside is not held up by the inside.
func TestAFullRoom(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	w.silent()
	for range atOnce {
		if !w.rooms[inside].enter() {
			t.Fatal("no place")
		}
	}
	began := time.Now()
	for _, network := range []string{"udp", "tcp"} {
		if code := <-w.asks(t, network, "portal.corp.test.", 1); code != "SERVFAIL 0" {
			t.Errorf("%s: %s", network, code)
		}
		if code := <-w.asks(t, network, "www.world.test.", 1); code != "NOERROR 1" {
			t.Errorf("%s: outside says %s", network, code)
		}
	}
	if time.Since(began) >= limit {
		t.Error("told after", time.Since(began))
	}
	left := w.rooms[inside].deserted()
	for range atOnce {
		w.rooms[inside].leave()
	}
	<-left
}
