package names

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// server answers over a pipe; nil = says nothing.
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
				_, _ = there.Read(buffer) // until the asker gives up
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
	strange := server(func(query *dns.Msg, _ string) *dns.Msg {
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
	const notFound, unavailable = typesv1.Cause_CAUSE_NAME_NOT_FOUND, typesv1.Cause_CAUSE_DNS_UNAVAILABLE
	for _, c := range []struct {
		name    string
		servers []server
		ipv6    bool
		want    string
		cause   typesv1.Cause
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
		{"somebody else's answer", []server{strange, says(0, "x.test. 60 IN A 10.0.0.1")}, false, "10.0.0.1", 0},
		{"all are silent", []server{silent, silent}, true, "", unavailable},
		{"all fail", []server{says(dns.RcodeRefused)}, false, "", unavailable},
		{"there is none", nil, false, "", unavailable},
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
			if failure.Cause(err) != c.cause {
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
				t.Errorf("ttl %s: asked %d times after lookup %d, want %d", ttl, asked.Load(), i+1, want[i])
			}
		}
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
					t.Fatal("an address that is none")
				}
			}
		}
	})
}
