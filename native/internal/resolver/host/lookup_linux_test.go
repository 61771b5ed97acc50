package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// behaviour answers a query; nil = no answer.
type behaviour func(query *dns.Msg, network string) *dns.Msg

// server is a name server on loopback, over UDP and TCP.
type server struct {
	behaviour
	mu    sync.Mutex
	asked []string
}

func (s *server) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// sockets are a name server's.
type sockets struct {
	packets *net.UDPConn
	stream  *net.TCPListener
}

func (s sockets) close() { _ = errors.Join(s.packets.Close(), s.stream.Close()) }

// open binds UDP and TCP at consecutive addresses with the same port.
func open(first netip.Addr, count int) ([]sockets, uint16, error) {
	var all []sockets
	at, port := first, uint16(0)
	for range count {
		packets, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, port)))
		if err == nil {
			port = packets.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			var stream *net.TCPListener
			if stream, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(at, port))); err == nil {
				all = append(all, sockets{packets, stream})
				at = at.Next()
				continue
			}
			_ = packets.Close()
		}
		for _, s := range all {
			s.close()
		}
		return nil, 0, err
	}
	return all, port, nil
}

// serve starts servers at consecutive addresses with the same port.
func serve(t *testing.T, first netip.Addr, behaviours ...behaviour) ([]*server, uint16) {
	t.Helper()
	bound, port, err := open(first, len(behaviours))
	// A port that is free for UDP may be in use for TCP.
	for range 20 {
		if err == nil {
			break
		}
		bound, port, err = open(first, len(behaviours))
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []*server
	for i, b := range behaviours {
		s := &server{behaviour: b}
		packets, stream := bound[i].packets, bound[i].stream
		for _, d := range []*dns.Server{{PacketConn: packets}, {Listener: stream}} {
			network := "tcp"
			if d.PacketConn != nil {
				network = "udp"
			}
			d.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
				s.mu.Lock()
				s.asked = append(s.asked, fmt.Sprint(network, " ", query.Question[0].Name, " ", dns.TypeToString[query.Question[0].Qtype]))
				s.mu.Unlock()
				if answer := s.behaviour(query, network); answer != nil {
					_ = w.WriteMsg(answer)
				}
			})
			started := make(chan struct{})
			d.NotifyStartedFunc = func() { close(started) }
			go func() { _ = d.ActivateAndServe() }()
			<-started
			t.Cleanup(func() { _ = d.Shutdown() })
		}
		all = append(all, s)
	}
	return all, port
}

var loopback = netip.MustParseAddr("127.0.0.1")

// machineOf returns a configuration with these files, whose name servers are at consecutive addresses.
func machineOf(t *testing.T, first netip.Addr, servers int, port uint16, options, nsswitch string) *machine {
	t.Helper()
	var text strings.Builder
	for at := first; servers > 0; at, servers = at.Next(), servers-1 {
		text.WriteString("nameserver " + at.String() + "\n")
	}
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return &machine{
		conf: write("resolv.conf", text.String()+options+"\n"), nsswitch: write("nsswitch.conf", nsswitch), port: port,
		static: static(write("hosts", "192.0.2.77 listed.test\n")),
	}
}

// has answers from records, and NXDOMAIN for other names.
func has(records ...string) behaviour {
	return func(query *dns.Msg, _ string) *dns.Msg {
		answer := new(dns.Msg)
		answer.SetRcode(query, dns.RcodeNameError)
		for _, text := range records {
			record, err := dns.NewRR(text)
			if err != nil {
				panic(err)
			}
			if record.Header().Name != query.Question[0].Name {
				continue
			}
			answer.Rcode = dns.RcodeSuccess
			if record.Header().Rrtype == query.Question[0].Qtype {
				answer.Answer = append(answer.Answer, record)
			}
		}
		return answer
	}
}

func silent(*dns.Msg, string) *dns.Msg { return nil }

func fails(query *dns.Msg, _ string) *dns.Msg {
	return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
}

// headerOnly does not support EDNS and answers it with a FORMERR header.
func headerOnly(then behaviour) behaviour {
	return func(query *dns.Msg, network string) *dns.Msg {
		if query.IsEdns0() == nil {
			return then(query, network)
		}
		answer := new(dns.Msg).SetRcode(query, dns.RcodeFormatError)
		answer.Question = nil
		return answer
	}
}

func drops(kind uint16, then behaviour) behaviour {
	return func(query *dns.Msg, network string) *dns.Msg {
		if query.Question[0].Qtype == kind {
			return nil
		}
		return then(query, network)
	}
}

func truncates(then behaviour) behaviour {
	return func(query *dns.Msg, network string) *dns.Msg {
		if network == "tcp" {
			return then(query, network)
		}
		answer := new(dns.Msg).SetReply(query)
		answer.Truncated = true
		return answer
	}
}

func saysNoToIPv6(then behaviour) behaviour {
	return func(query *dns.Msg, network string) *dns.Msg {
		if query.Question[0].Qtype == dns.TypeAAAA {
			return new(dns.Msg).SetRcode(query, dns.RcodeNameError)
		}
		return then(query, network)
	}
}

func TestLookup(t *testing.T) {
	// Loopback addresses are reachable on every host.
	good := has("x.test. 60 IN A 127.0.0.9", "x.corp.test. 60 IN A 127.0.0.8", "six.test. 60 IN AAAA ::1")
	for _, c := range []struct {
		name      string
		servers   []behaviour
		options   string
		nsswitch  string
		ask, want string
		notFound  bool
		within    time.Duration
	}{
		{"FORMERR to EDNS, header only", []behaviour{headerOnly(good)}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"AAAA is dropped", []behaviour{drops(dns.TypeAAAA, good)}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"A is dropped", []behaviour{drops(dns.TypeA, good)}, "", "", "six.test", "[::1]", false, 500 * time.Millisecond},
		{"AAAA is dropped, and there is no such name", []behaviour{drops(dns.TypeAAAA, good)}, "", "", "y.test", "[]", true, 500 * time.Millisecond},
		{"NXDOMAIN to AAAA only", []behaviour{saysNoToIPv6(good)}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"FORMERR, and AAAA is dropped", []behaviour{headerOnly(drops(dns.TypeAAAA, good))}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"truncated", []behaviour{truncates(good)}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"the first is silent", []behaviour{silent, good}, "", "", "x.test", "[127.0.0.9]", false, 2 * time.Second},
		{"SERVFAIL from the first", []behaviour{fails, good}, "", "", "x.test", "[127.0.0.9]", false, 500 * time.Millisecond},
		{"SERVFAIL from all", []behaviour{fails, fails}, "", "", "x.test", "[]", false, 500 * time.Millisecond},
		{"all are silent", []behaviour{silent}, "options timeout:1 attempts:1", "", "x.test.", "[]", false, 6 * time.Second},
		{"search list", []behaviour{good}, "search nothing.test corp.test", "", "x", "[127.0.0.8]", false, time.Second},
		{"not with a dot at the end", []behaviour{good}, "search corp.test", "", "x.", "[]", true, time.Second},
		{"as it stands first", []behaviour{good}, "search corp.test", "", "x.test", "[127.0.0.9]", false, time.Second},
		{"hosts file", []behaviour{fails}, "", "", "Listed.test.", "[192.0.2.77]", false, time.Second},
		{"localhost", []behaviour{fails}, "", "", "a.localhost", "[127.0.0.1 ::1]", false, time.Second},
		{"an address", []behaviour{fails}, "", "", "192.0.2.5", "[192.0.2.5]", false, time.Second},
		{"without dns in nsswitch.conf", []behaviour{good}, "", "hosts: files\n", "x.test", "[]", true, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, port := serve(t, loopback, c.servers...)
			m := machineOf(t, loopback, len(c.servers), port, c.options, c.nsswitch)
			began := time.Now()
			found, err := m.lookup(context.Background(), c.ask)
			if got := fmt.Sprint(found); got != c.want || (err != nil) != (c.want == "[]") || IsNotFound(err) != c.notFound {
				t.Fatalf("%s %v", got, err)
			}
			if took := time.Since(began); took > c.within {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestUseVC(t *testing.T) {
	servers, port := serve(t, loopback, has("x.test. 60 IN A 127.0.0.9"))
	m := machineOf(t, loopback, 1, port, "options use-vc", "")
	if _, err := m.lookup(context.Background(), "x.test"); err != nil {
		t.Fatal(err)
	}
	for _, q := range servers[0].questions() {
		if !strings.HasPrefix(q, "tcp ") {
			t.Error(q)
		}
	}
}

// The answer of system mode's forwarder is final: other servers must not receive queries for names that may be the
// intranet's.
func TestForwarderIsQueriedAlone(t *testing.T) {
	for name, forwarder := range map[string]behaviour{"fails": fails, "answers late": func(query *dns.Msg, network string) *dns.Msg {
		time.Sleep(1500 * time.Millisecond)
		return has("x.test. 60 IN A 127.0.0.9")(query, network)
	}} {
		t.Run(name, func(t *testing.T) {
			servers, port := serve(t, Forwarders.Addr().Next(), forwarder, has("x.test. 60 IN A 127.0.0.66"))
			other, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.4"), port)))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Close() }()
			m := machineOf(t, Forwarders.Addr().Next(), 1, port, "nameserver 127.0.0.4", "")
			_, _ = m.lookup(context.Background(), "x.test")
			if len(servers[0].questions()) == 0 {
				t.Error("the forwarder was not queried")
			}
			_ = other.SetReadDeadline(time.Now())
			if n, _, _ := other.ReadFrom(make([]byte, 512)); n > 0 {
				t.Error("another server was queried")
			}
		})
	}
}

// If the forwarder does not run, the other name servers are used.
func TestOtherServersAreQueriedWithoutForwarder(t *testing.T) {
	_, port := serve(t, netip.MustParseAddr("127.0.0.4"), has("x.test. 60 IN A 127.0.0.9"))
	m := machineOf(t, Forwarders.Addr().Next(), 1, port, "nameserver 127.0.0.4", "")
	if found, err := m.lookup(context.Background(), "x.test"); fmt.Sprint(found) != "[127.0.0.9]" {
		t.Fatalf("%v %v", found, err)
	}
}
