package resolver

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/failure"
)

// server answers over a pipe; nil = no answer.
type server func(query *dns.Msg, network string) *dns.Msg

func dialer(servers map[string]server, asked *atomic.Int64) Dial {
	return func(_ context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer func() { _ = there.Close() }()
			var query *dns.Msg
			buffer := make([]byte, 4096)
			if network == "tcp" {
				var err error
				if query, err = (&dns.Conn{Conn: there}).ReadMsg(); err != nil {
					return
				}
			} else {
				n, err := there.Read(buffer)
				query = new(dns.Msg)
				if err != nil || query.Unpack(buffer[:n]) != nil {
					return
				}
			}
			asked.Add(1)
			answer := servers[to.Addr().String()](query, network)
			if answer == nil {
				_, _ = there.Read(buffer) // until the client gives up
				return
			}
			packed, _ := answer.Pack()
			if network == "tcp" {
				_ = (&dns.Conn{Conn: there}).WriteMsg(answer)
				return
			}
			_, _ = there.Write(packed)
			_, _ = there.Read(buffer)
		}()
		return here, nil
	}
}

func reply(query *dns.Msg, rcode int, records ...string) *dns.Msg {
	answer := new(dns.Msg)
	answer.SetRcode(query, rcode)
	for _, text := range records {
		record, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		answer.Answer = append(answer.Answer, record)
	}
	return answer
}

func says(rcode int, records ...string) server {
	return func(query *dns.Msg, _ string) *dns.Msg {
		var fitting []string
		for _, r := range records {
			if strings.Contains(r, " IN "+dns.TypeToString[query.Question[0].Qtype]+" ") || strings.Contains(r, "CNAME") {
				fitting = append(fitting, r)
			}
		}
		return reply(query, rcode, fitting...)
	}
}

func TestLookup(t *testing.T) {
	silent := server(func(*dns.Msg, string) *dns.Msg { return nil })
	unrelated := server(func(query *dns.Msg, _ string) *dns.Msg {
		answer := reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.66")
		answer.Id++
		return answer
	})
	truncated := server(func(query *dns.Msg, network string) *dns.Msg {
		if network == "udp" {
			answer := reply(query, dns.RcodeSuccess)
			answer.Truncated = true
			return answer
		}
		return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.3")
	})
	far := server(func(query *dns.Msg, _ string) *dns.Msg {
		if query.Question[0].Name == "x.test." {
			return reply(query, dns.RcodeSuccess, "x.test. 60 IN CNAME y.test.")
		}
		return reply(query, dns.RcodeSuccess, "y.test. 60 IN A 10.0.0.4")
	})
	ring := server(func(query *dns.Msg, _ string) *dns.Msg {
		return reply(query, dns.RcodeSuccess, "x.test. 60 IN CNAME y.test.", "y.test. 60 IN CNAME x.test.")
	})
	late := server(func(query *dns.Msg, _ string) *dns.Msg {
		time.Sleep(1500 * time.Millisecond)
		return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.6")
	})
	// old servers do not support EDNS, each in its own way.
	old := func(code int, question bool) server {
		return func(query *dns.Msg, _ string) *dns.Msg {
			if query.IsEdns0() == nil {
				return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.7")
			}
			answer := reply(query, code)
			if !question {
				answer.Question = nil
			}
			return answer
		}
	}
	dropsEDNS := server(func(query *dns.Msg, _ string) *dns.Msg {
		if query.IsEdns0() != nil {
			return nil
		}
		return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.7")
	})
	tcpOnly := server(func(query *dns.Msg, network string) *dns.Msg {
		if network == "udp" {
			return nil
		}
		return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.8")
	})
	lossy := func(lost int64) server {
		var heard atomic.Int64
		return func(query *dns.Msg, _ string) *dns.Msg {
			if heard.Add(1) <= lost {
				return nil
			}
			return reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.5")
		}
	}
	truncatedOnly := server(func(query *dns.Msg, network string) *dns.Msg {
		if network == "tcp" {
			return nil
		}
		answer := reply(query, dns.RcodeSuccess, "x.test. 60 IN A 10.0.0.9")
		answer.Truncated = true
		return answer
	})
	const notFound, unavailable = failure.NameNotFound, failure.DNSUnavailable
	for _, c := range []struct {
		name    string
		servers []server
		ipv6    bool
		want    string
		cause   failure.Cause
	}{
		{"one address", []server{says(0, "x.test. 60 IN A 10.0.0.1")}, false, "10.0.0.1", 0},
		{"both families", []server{says(0, "x.test. 60 IN A 10.0.0.1", "x.test. 60 IN AAAA fd00::1")}, true, "10.0.0.1 fd00::1", 0},
		{"no IPv6 without a way", []server{says(0, "x.test. 60 IN A 10.0.0.1", "x.test. 60 IN AAAA fd00::1")}, false, "10.0.0.1", 0},
		{"IPv6 only", []server{says(0, "x.test. 60 IN AAAA fd00::1")}, true, "fd00::1", 0},
		{"alias in one answer", []server{says(0, "y.test. 60 IN A 10.0.0.2", "x.test. 60 IN CNAME y.test.")}, false, "10.0.0.2", 0},
		{"alias to follow", []server{far}, false, "10.0.0.4", 0},
		{"aliases in a ring", []server{ring}, false, "", notFound},
		{"not its own record", []server{says(0, "evil.test. 60 IN A 10.0.0.66")}, false, "", notFound},
		{"no such name", []server{says(dns.RcodeNameError), says(0, "x.test. 60 IN A 10.0.0.1")}, false, "", notFound},
		{"nothing of that type", []server{says(0)}, true, "", notFound},
		{"the first fails", []server{says(dns.RcodeServerFailure), says(0, "x.test. 60 IN A 10.0.0.1")}, false, "10.0.0.1", 0},
		{"the first is silent", []server{silent, says(0, "x.test. 60 IN A 10.0.0.1")}, false, "10.0.0.1", 0},
		{"an answer to another query", []server{unrelated, says(0, "x.test. 60 IN A 10.0.0.1")}, false, "10.0.0.1", 0},
		{"all are silent", []server{silent, silent}, true, "", unavailable},
		{"all fail", []server{says(dns.RcodeRefused)}, false, "", unavailable},
		{"there is none", nil, false, "", unavailable},
		{"the first datagram is lost", []server{lossy(1)}, false, "10.0.0.5", 0},
		{"an answer after 1.5 s", []server{late}, false, "10.0.0.6", 0},
		{"FORMERR to EDNS", []server{old(dns.RcodeFormatError, true)}, false, "10.0.0.7", 0},
		{"FORMERR to EDNS without the question", []server{old(dns.RcodeFormatError, false)}, false, "10.0.0.7", 0},
		{"NOTIMP to EDNS", []server{old(dns.RcodeNotImplemented, true)}, false, "10.0.0.7", 0},
		{"questions with EDNS are dropped", []server{dropsEDNS}, false, "10.0.0.7", 0},
		{"no UDP at all", []server{tcpOnly}, false, "10.0.0.8", 0},
		{"truncated, and no TCP", []server{truncatedOnly}, false, "10.0.0.9", 0},
		{"truncated", []server{truncated}, false, "10.0.0.3", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			servers, addresses := map[string]server{}, []netip.Addr{}
			for i, s := range c.servers {
				a := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
				servers[a.String()] = s
				addresses = append(addresses, a)
			}
			var asked atomic.Int64
			got, err := New(addresses, c.ipv6, dialer(servers, &asked)).Lookup(context.Background(), "x.test")
			if failure.CauseOf(err) != c.cause {
				t.Fatalf("%v %v", got, err)
			}
			var texts []string
			for _, a := range got {
				texts = append(texts, a.String())
			}
			if strings.Join(texts, " ") != c.want {
				t.Fatalf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestCache(t *testing.T) {
	for ttl, want := range map[string][3]int64{"0": {1, 2, 3}, "30": {1, 1, 2}, "86400": {1, 1, 2}} {
		var asked atomic.Int64
		at := netip.MustParseAddr("192.0.2.1")
		r := New([]netip.Addr{at}, false, dialer(map[string]server{at.String(): says(0, "x.test. "+ttl+" IN A 10.0.0.1")}, &asked))
		now := time.Now()
		r.cache.now = func() time.Time { return now }
		for i, later := range []time.Duration{0, 29 * time.Second, 61 * time.Second} {
			now = now.Add(later)
			if _, err := r.Lookup(context.Background(), "x.test"); err != nil {
				t.Fatal(err)
			}
			if asked.Load() != want[i] {
				t.Errorf("ttl %s: queried %d times after lookup %d, want %d", ttl, asked.Load(), i+1, want[i])
			}
		}
	}
}

// Messages that do not answer the query as it was sent are skipped, whoever sends them.
func TestAnswers(t *testing.T) {
	query := new(dns.Msg)
	query.SetQuestion("portal.corp.test.", dns.TypeA)
	packed, _ := query.Pack()
	good := new(dns.Msg)
	good.SetReply(query)
	for name, edit := range map[string]func(*dns.Msg){
		"another number":   func(m *dns.Msg) { m.Id++ },
		"another name":     func(m *dns.Msg) { m.Question[0].Name = "evil.test." },
		"another type":     func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA },
		"a question":       func(m *dns.Msg) { m.Response = false },
		"no question":      func(m *dns.Msg) { m.Question = nil },
		"another class":    func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS },
		"the right answer": nil,
	} {
		reply := good.Copy()
		if edit != nil {
			edit(reply)
		}
		bytes, _ := reply.Pack()
		if isAnswer(bytes, packed, query.Question[0]) != (edit == nil) {
			t.Error(name)
		}
	}
	if isAnswer([]byte(strings.Repeat("\xff", 40)), packed, query.Question[0]) || isAnswer(packed[:5], packed, query.Question[0]) {
		t.Error("accepted a message that is not an answer")
	}
}

func FuzzRead(f *testing.F) {
	packed, _ := says(0, "x.test. 60 IN A 10.0.0.1")(newQuery("x.test", dns.TypeA), "udp").Pack()
	f.Add(packed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer := new(dns.Msg)
		if answer.Unpack(raw) != nil {
			return
		}
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			found, _ := read(answer, "x.test", kind)
			for _, a := range found.addresses {
				if !a.IsValid() {
					t.Fatal("an invalid address")
				}
			}
		}
	})
}

// A silent server is remembered, so that later names do not wait for it again.
func TestSilentServersAreRemembered(t *testing.T) {
	silent := server(func(*dns.Msg, string) *dns.Msg { return nil })
	dropsEDNS := server(func(query *dns.Msg, _ string) *dns.Msg {
		if query.IsEdns0() != nil {
			return nil
		}
		return reply(query, dns.RcodeSuccess, query.Question[0].Name+" 60 IN A 10.0.0.7")
	})
	healthy := server(func(query *dns.Msg, _ string) *dns.Msg {
		return reply(query, dns.RcodeSuccess, query.Question[0].Name+" 60 IN A 10.0.0.7")
	})
	for name, list := range map[string][]server{"EDNS is dropped": {dropsEDNS}, "the first is dead": {silent, healthy}, "both": {silent, dropsEDNS}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers, addresses := map[string]server{}, []netip.Addr{}
			for i, s := range list {
				a := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
				servers[a.String()] = s
				addresses = append(addresses, a)
			}
			var asked atomic.Int64
			r := New(addresses, false, dialer(servers, &asked))
			if _, err := r.Lookup(context.Background(), "first.test"); err != nil {
				t.Fatal(err)
			}
			for _, next := range []string{"second.test", "third.test"} {
				before := asked.Load()
				if _, err := r.Lookup(context.Background(), next); err != nil {
					t.Fatal(err)
				}
				if n := asked.Load() - before; n != 1 {
					t.Errorf("%d queries for %s", n, next)
				}
			}
		})
	}
}

// A server that answers with an error is not reported as silent.
func TestServerErrorsAreReported(t *testing.T) {
	for want, s := range map[string]server{
		"the intranet's name servers answer SERVFAIL for x.test": says(dns.RcodeServerFailure),
		"the intranet's name servers answer REFUSED for x.test":  says(dns.RcodeRefused),
	} {
		var asked atomic.Int64
		at := netip.MustParseAddr("192.0.2.1")
		_, err := New([]netip.Addr{at}, false, dialer(map[string]server{at.String(): s}, &asked)).Lookup(context.Background(), "x.test")
		if failure.CauseOf(err) != failure.DNSUnavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
}
