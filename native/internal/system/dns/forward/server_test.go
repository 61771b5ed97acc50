package forward

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var (
	insideServer  = netip.MustParseAddr("10.55.0.53")
	outsideServer = netip.MustParseAddr("192.0.2.53")
)

// world are two name servers on the loopback, and a forwarder that takes them for those of inside and outside.
type world struct {
	*Forwarder
	asked map[way]*atomic.Int64
	// answer of both; nil = silence.
	answer atomic.Pointer[func(query *dns.Msg) *dns.Msg]
}

func newWorld(t *testing.T, rules Rules) *world {
	t.Helper()
	w := &world{asked: map[way]*atomic.Int64{inside: {}, outside: {}, needed: {}}}
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
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: stream, Handler: handler}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	probe, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := netip.MustParseAddrPort(probe.LocalAddr().String()).Port()
	_ = probe.Close()
	rules.Servers = []netip.Addr{insideServer}
	dial := func(ctx context.Context, network string, to netip.AddrPort, by way) (net.Conn, error) {
		if (to.Addr() == insideServer) != (by == inside) {
			t.Errorf("%s is asked on the way %d", to, by)
		}
		w.asked[by].Add(1)
		return new(net.Dialer).DialContext(ctx, network, packets.LocalAddr().String())
	}
	f, err := Open(Config{
		Logger: slog.New(slog.DiscardHandler), Outside: func() []netip.Addr { return []netip.Addr{outsideServer} }, port: free, dial: dial,
	}, rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	w.Forwarder = f
	return w
}

func (w *world) says(answer func(*dns.Msg) *dns.Msg) { w.answer.Store(&answer) }

func (w *world) ask(t *testing.T, network, name string) *dns.Msg {
	t.Helper()
	query := new(dns.Msg)
	query.SetQuestion(name, dns.TypeA)
	client := dns.Client{Net: network, Timeout: 2 * limit}
	reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.port).String())
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestForwarder(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}, Never: []string{"sag.corp.test"}})
	for _, network := range []string{"udp", "tcp"} {
		for name, by := range map[string]way{"PorTal.corp.test.": inside, "www.world.test.": outside, "sag.corp.test.": needed} {
			before := w.asked[by].Load()
			reply := w.ask(t, network, name)
			if reply.Rcode != dns.RcodeSuccess || len(reply.Answer) != 1 || reply.Question[0].Name != name || w.asked[by].Load() != before+1 {
				t.Errorf("%s %s: %s", network, name, reply)
			}
		}
	}
}

// A server that changes letters' cases does not change what whoever asked sees; many do ask in strange cases on purpose.
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

func TestNobodyAnswers(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	w.says(func(*dns.Msg) *dns.Msg { return nil })
	began := time.Now()
	if reply := w.ask(t, "udp", "portal.corp.test."); reply.Rcode != dns.RcodeServerFailure || time.Since(began) > limit+time.Second {
		t.Errorf("after %s: %s", time.Since(began), reply)
	}
	if w.asked[outside].Load() > 0 || w.asked[inside].Load() != rounds {
		t.Error("asked inside and outside:", w.asked[inside].Load(), w.asked[outside].Load())
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
		if option := q.IsEdns0(); option == nil || option.UDPSize() != datagram {
			t.Errorf("asks for an answer of another size: %v", option)
		}
		reply.Truncated, reply.Answer = true, nil
		return reply
	})
	query := new(dns.Msg)
	query.SetQuestion("www.world.test.", dns.TypeA)
	query.SetEdns0(65000, true)
	client := dns.Client{Timeout: limit}
	reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.port).String())
	if err != nil || !reply.Truncated {
		t.Error(reply, err)
	}
}

// What is no answer to the question as it was asked is passed over, whoever sends it.
func TestAnswers(t *testing.T) {
	query := new(dns.Msg)
	query.SetQuestion("portal.corp.test.", dns.TypeA)
	packed, _ := query.Pack()
	d := decide(packed, Rules{})
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
		if answers(bytes, packed, d) != (edit == nil) {
			t.Error(name)
		}
	}
	if answers(bytes.Repeat([]byte{0xff}, 40), packed, d) || answers(packed[:5], packed, d) {
		t.Error("rubbish")
	}
}

func TestTaken(t *testing.T) {
	config := Config{Logger: slog.New(slog.DiscardHandler), Outside: func() []netip.Addr { return nil }, Prefer: netip.MustParseAddr("127.83.71.99")}
	wildcard, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wildcard.Close() }()
	config.port = netip.MustParseAddrPort(wildcard.LocalAddr().String()).Port()
	if _, err := Open(config, Rules{}); err == nil {
		t.Error("two name servers at one address")
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
