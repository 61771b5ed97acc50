package forward

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/resolver"
)

// asks sends queries at once, and returns the response code and number of addresses of each reply.
func (w *world) asks(t *testing.T, network, name string, times int) <-chan string {
	t.Helper()
	codes := make(chan string, times)
	for range times {
		go func() {
			query := new(dns.Msg)
			query.SetQuestion(name, dns.TypeA)
			query.SetEdns0(4096, false)
			client := dns.Client{Net: network, Timeout: 2 * resolver.Limit}
			reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.Port).String())
			switch {
			case err != nil:
				t.Error(err)
				codes <- err.Error()
			case reply.IsEdns0() == nil:
				t.Error("the answer has no EDNS")
				fallthrough
			default:
				codes <- fmt.Sprint(dns.RcodeToString[reply.Rcode], " ", len(reply.Answer))
			}
		}()
	}
	return codes
}

// silent does not answer queries through the tunnel, and reports each of them.
func (w *world) silent() <-chan string {
	heard := make(chan string, 4*queryLimit)
	answer := *w.answer.Load()
	w.says(func(q *dns.Msg) *dns.Msg {
		if name := q.Question[0].Name; dns.IsSubDomain("corp.test.", name) {
			heard <- name
			return nil
		}
		reply := answer(q)
		if q.IsEdns0() != nil {
			reply.SetEdns0(resolver.Datagram, false)
		}
		return reply
	})
	return heard
}

// A program that waits for a reply through the tunnel at disconnect must not send the query directly afterwards, so it gets an
// empty answer before Drain returns.
func TestDrain(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	heard := w.silent()
	inFlight := map[string]<-chan string{}
	for _, network := range []string{"udp", "tcp"} {
		inFlight[network] = w.asks(t, network, "portal.corp.test.", 1)
		<-heard
	}
	before := w.asked[tunneled].Load()
	w.Drain()
	select {
	case <-w.inFlight[tunneled].Empty():
	default:
		t.Error("a query is still waiting")
	}
	for _, network := range []string{"udp", "tcp"} {
		if code := <-inFlight[network]; code != "NOERROR 0" {
			t.Errorf("%s: the waiting query got %s", network, code)
		}
		if code := <-w.asks(t, network, "portal.corp.test.", 1); code != "NOERROR 0" {
			t.Errorf("%s: a new query got %s", network, code)
		}
		if code := <-w.asks(t, network, "www.world.test.", 1); code != "NOERROR 1" {
			t.Errorf("%s: a direct query got %s", network, code)
		}
	}
	if w.asked[tunneled].Load() != before {
		t.Error("the intranet was queried again")
	}
}

// A query that the program itself repeats after the answer, as the C library does, gets the same answer before Drain returns.
func TestDrainWaitsForRetries(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	heard := w.silent()
	// Long enough that neither expires on a slow host.
	w.calmTime, w.drainLimit = time.Hour, time.Hour
	waits := w.asks(t, "udp", "portal.corp.test.", 1)
	<-heard
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		w.Drain()
	}()
	for range 3 {
		if code := <-waits; code != "NOERROR 0" {
			t.Error(code)
		}
		waits = w.asks(t, "udp", "portal.corp.test.", 1)
	}
	<-waits
	select {
	case <-drained:
		t.Error("Drain returned before the program's last query")
	default:
	}
	w.Close()
	<-drained
}

// A program that keeps querying delays Drain by drainLimit at most.
func TestDrainLimit(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	w.calmTime, w.drainLimit = time.Hour, time.Millisecond
	w.ask(t, "udp", "portal.corp.test.")
	w.Drain()
	w.calmTime, w.drainLimit = time.Millisecond, time.Hour
	w.Drain()
}
