package forward

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/resolver"
	"sag.software/native/internal/resolver/host"
	"sag.software/native/internal/router"
)

var (
	tunneledServer = netip.MustParseAddr("10.55.0.53")
	directServer   = netip.MustParseAddr("192.0.2.53")
)

// world has two name servers on the loopback, one for the intranet and one for the host, and a forwarder.
type world struct {
	*Forwarder
	asked map[upstream]*atomic.Int64
	// answer is used by both servers; nil = no answer.
	answer atomic.Pointer[func(query *dns.Msg) *dns.Msg]
}

func noSearch() router.Search { return router.Search{} }

// samePort returns listeners for UDP and TCP on one port. A port that is free for the first may be in use for the second.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		stream, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, stream
		}
		_ = packets.Close()
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// prepareSomewhere finds a port that is free for both. Another program may take it before the forwarder does.
func prepareSomewhere(t *testing.T, rules Rules) *Forwarder {
	t.Helper()
	for {
		packets, stream := samePort(t)
		free := netip.MustParseAddrPort(packets.LocalAddr().String()).Port()
		_, _ = packets.Close(), stream.Close()
		f, err := prepare(Config{
			Logger: slog.New(slog.DiscardHandler), Direct: func() []netip.Addr { return []netip.Addr{directServer} }, Search: noSearch, Port: free,
		}, rules)
		if err == nil {
			return f
		}
		if !errors.Is(err, ErrNoPort) {
			t.Fatal(err)
		}
	}
}

func newWorld(t *testing.T, rules Rules, change ...func(*Config)) *world {
	t.Helper()
	w := &world{asked: map[upstream]*atomic.Int64{tunneled: {}, direct: {}, needed: {}}}
	w.says(func(q *dns.Msg) *dns.Msg {
		reply := new(dns.Msg)
		reply.SetReply(q)
		reply.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 9}, A: net.IP{10, 55, 0, 80}}}
		return reply
	})
	handler := dns.HandlerFunc(func(out dns.ResponseWriter, q *dns.Msg) {
		if reply := (*w.answer.Load())(q); reply != nil {
			_ = out.WriteMsg(reply)
		}
	})
	packets, stream := samePort(t)
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: stream, Handler: handler}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	rules.Servers = []netip.Addr{tunneledServer}
	dial := func(ctx context.Context, network string, to netip.AddrPort, by upstream) (net.Conn, error) {
		if (to.Addr() == tunneledServer) != (by == tunneled) {
			t.Errorf("%s is queried as upstream %d", to, by)
		}
		w.asked[by].Add(1)
		return new(net.Dialer).DialContext(ctx, network, packets.LocalAddr().String())
	}
	f := prepareSomewhere(t, rules)
	f.dial = dial
	for _, edit := range change {
		edit(&f.config)
	}
	f.begin()
	t.Cleanup(f.Close)
	w.Forwarder = f
	return w
}

func (w *world) says(answer func(*dns.Msg) *dns.Msg) { w.answer.Store(&answer) }

func (w *world) ask(t *testing.T, network, name string) *dns.Msg {
	t.Helper()
	query := new(dns.Msg)
	query.SetQuestion(name, dns.TypeA)
	client := dns.Client{Net: network, Timeout: 2 * resolver.Limit}
	reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.Port).String())
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestForwarder(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}, BypassNames: []string{"sag.corp.test"}})
	for _, network := range []string{"udp", "tcp"} {
		for name, by := range map[string]upstream{"PorTal.corp.test.": tunneled, "www.world.test.": direct, "sag.corp.test.": needed} {
			before := w.asked[by].Load()
			reply := w.ask(t, network, name)
			if reply.Rcode != dns.RcodeSuccess || len(reply.Answer) != 1 || reply.Question[0].Name != name || w.asked[by].Load() != before+1 {
				t.Errorf("%s %s: %s", network, name, reply)
			}
		}
	}
}

// Programs complete short names with search domains themselves. A query for a name that may be the intranet's is not sent
// directly before the intranet has answered that it does not exist.
func TestShortNames(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}, Search: []string{"corp.test"}}, func(c *Config) {
		c.Search = func() router.Search {
			return router.Search{Domains: []string{"corp.test", "home.world", "lan"}, Ndots: 1}
		}
	})
	answer := *w.answer.Load()
	var broken atomic.Bool
	w.says(func(q *dns.Msg) *dns.Msg {
		reply := answer(q)
		switch name := q.Question[0].Name; {
		case broken.Load() && dns.IsSubDomain("corp.test.", name):
			return new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
		case name == "nas.corp.test." || name == "www.example.com.corp.test.":
			return new(dns.Msg).SetRcode(q, dns.RcodeNameError)
		}
		return reply
	})
	for name, want := range map[string]struct {
		code             int
		tunneled, direct int64
	}{
		"payroll.":                   {dns.RcodeNameError, 1, 0},
		"git.eng.":                   {dns.RcodeNameError, 1, 0},
		"payroll.home.world.":        {dns.RcodeNameError, 1, 0},
		"gone.corp.test.home.world.": {dns.RcodeNameError, 0, 0},
		"payroll.lan.":               {dns.RcodeSuccess, 1, 1},
		"payroll.home.":              {dns.RcodeSuccess, 0, 1},
		"nas.":                       {dns.RcodeSuccess, 1, 1},
		"nas.home.world.":            {dns.RcodeSuccess, 1, 1},
		"www.example.com.":           {dns.RcodeSuccess, 0, 1},
	} {
		before := [2]int64{w.asked[tunneled].Load(), w.asked[direct].Load()}
		reply := w.ask(t, "udp", name)
		if in, out := w.asked[tunneled].Load()-before[0], w.asked[direct].Load()-before[1]; reply.Rcode != want.code || in != want.tunneled || out != want.direct {
			t.Errorf("%s: %s, %d queries tunneled and %d direct", name, dns.RcodeToString[reply.Rcode], in, out)
		}
	}
	broken.Store(true)
	before := w.asked[direct].Load()
	for _, name := range []string{"payroll.", "nas.home.world.", "nas.lan."} {
		if reply := w.ask(t, "udp", name); reply.Rcode != dns.RcodeServerFailure {
			t.Errorf("%s, while the intranet does not answer: %s", name, dns.RcodeToString[reply.Rcode])
		}
	}
	if w.asked[direct].Load() != before {
		t.Error("queried directly")
	}
}

// A server that changes the case of letters does not change the reply to the program. Some resolvers randomize the case on
// purpose.
func TestCaseIsKept(t *testing.T) {
	w := newWorld(t, Rules{})
	answer := *w.answer.Load()
	w.says(func(q *dns.Msg) *dns.Msg {
		q.Question[0].Name = dns.CanonicalName(q.Question[0].Name)
		return answer(q)
	})
	if reply := w.ask(t, "udp", "wWw.WoRLd.TesT."); reply.Question[0].Name != "wWw.WoRLd.TesT." {
		t.Error(reply)
	}
}

func TestNoAnswer(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	w.says(func(*dns.Msg) *dns.Msg { return nil })
	began := time.Now()
	if reply := w.ask(t, "udp", "portal.corp.test."); reply.Rcode != dns.RcodeServerFailure || time.Since(began) > resolver.Limit+time.Second {
		t.Errorf("after %s: %s", time.Since(began), reply)
	}
	if w.asked[direct].Load() > 0 || w.asked[tunneled].Load() != resolver.Rounds {
		t.Error("queries tunneled and direct:", w.asked[tunneled].Load(), w.asked[direct].Load())
	}
}

func TestTruncation(t *testing.T) {
	w := newWorld(t, Rules{})
	answer := *w.answer.Load()
	w.says(func(q *dns.Msg) *dns.Msg {
		reply := answer(q)
		for range 200 {
			reply.Answer = append(reply.Answer, reply.Answer[0])
		}
		return reply
	})
	if reply := w.ask(t, "tcp", "www.world.test."); len(reply.Answer) != 201 {
		t.Error(len(reply.Answer))
	}
	w.says(func(q *dns.Msg) *dns.Msg {
		reply := answer(q)
		if option := q.IsEdns0(); option == nil || option.UDPSize() != resolver.Datagram {
			t.Errorf("asks for an answer of another size: %v", option)
		}
		reply.Truncated, reply.Answer = true, nil
		return reply
	})
	query := new(dns.Msg)
	query.SetQuestion("www.world.test.", dns.TypeA)
	query.SetEdns0(65000, true)
	client := dns.Client{Timeout: resolver.Limit}
	reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.Port).String())
	if err != nil || !reply.Truncated {
		t.Error(reply, err)
	}
}

func TestAddressInUse(t *testing.T) {
	config := Config{Logger: slog.New(slog.DiscardHandler), Direct: func() []netip.Addr { return nil }, Search: noSearch, Prefer: netip.MustParseAddr("127.83.71.99")}
	wildcard, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wildcard.Close() }()
	config.Port = netip.MustParseAddrPort(wildcard.LocalAddr().String()).Port()
	if _, err := Open(config, Rules{}); err == nil {
		t.Error("opened at an address that is in use")
	}
	_ = wildcard.Close()
	one, err := Open(config, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	other, err := Open(config, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if one.Address() != config.Prefer || other.Address() != addresses[0] {
		t.Error(one.Address(), other.Address())
	}
}

// Lookups of this program itself recognize the forwarder by its address, and then use no other name server.
func TestForwarderAddressesAreExcluded(t *testing.T) {
	for _, a := range addresses {
		if !host.Forwarders.Contains(a) {
			t.Error(a)
		}
	}
}
