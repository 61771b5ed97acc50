package isolate

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/proxytest"
	"sag.software/native/internal/resolver"
)

// intranet has name servers on loopback. Name servers without an entry refuse connections.
type intranet struct {
	Network
	servers map[netip.Addr]string
	order   []netip.Addr
}

func (i intranet) NameServers() []netip.Addr { return i.order }

func (i intranet) Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	at, served := i.servers[to.Addr()]
	if !served {
		return nil, errors.New("refused")
	}
	var d net.Dialer
	return d.DialContext(ctx, network, at)
}

// nameServer answers queries over TCP with a function, and returns its address.
func nameServer(t *testing.T, answer func(conn net.Conn, query *dns.Msg)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					raw, err := resolver.ReadFrame(conn)
					query := new(dns.Msg)
					if err != nil || query.Unpack(raw) != nil {
						return
					}
					answer(conn, query)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func reply(conn net.Conn, query *dns.Msg, code int, address string) {
	m := new(dns.Msg)
	m.SetRcode(query, code)
	if address != "" {
		record, _ := dns.NewRR(query.Question[0].Name + " 60 IN A " + address)
		m.Answer = append(m.Answer, record)
	}
	raw, _ := m.Pack()
	_, _ = conn.Write(resolver.Framed(raw))
}

// stream is a TCP connection to a namespace's name server.
func stream(t *testing.T, network intranet) net.Conn {
	t.Helper()
	f := newFlows(func() dialer.Intranet { return dialer.Intranet{Policy: proxytest.Policy(), Network: network} })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The listener is closed only now, because closing it earlier would reset the waiting connection.
		conn, err := listener.Accept()
		_ = listener.Close()
		if err != nil {
			return
		}
		defer conn.Close()
		f.answerStream(conn)
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		_ = listener.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); <-done })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func question(name string, kind uint16, edns bool) []byte {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	if edns {
		m.SetEdns0(resolver.Datagram, false)
	}
	raw, _ := m.Pack()
	return resolver.Framed(raw)
}

func answered(t *testing.T, conn net.Conn) *dns.Msg {
	t.Helper()
	raw, err := resolver.ReadFrame(conn)
	m := new(dns.Msg)
	if err := errors.Join(err, m.Unpack(raw)); err != nil {
		t.Fatal(err)
	}
	return m
}

var first, second = netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("10.0.0.54")

// Programs send EDNS over TCP, too. An RFC 1035 server without EDNS answers FORMERR, closes the connection, or does not
// answer.
func TestStreamRetriesWithoutEDNS(t *testing.T) {
	for name, refuse := range map[string]func(net.Conn, *dns.Msg){
		"it refuses":             func(conn net.Conn, query *dns.Msg) { reply(conn, query, dns.RcodeFormatError, "") },
		"it ends the connection": func(conn net.Conn, _ *dns.Msg) { _ = conn.Close() },
		"it says nothing":        func(net.Conn, *dns.Msg) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := nameServer(t, func(conn net.Conn, query *dns.Msg) {
				if query.IsEdns0() != nil {
					refuse(conn, query)
					return
				}
				reply(conn, query, dns.RcodeSuccess, "10.1.2.3")
			})
			conn := stream(t, intranet{servers: map[netip.Addr]string{first: at}, order: []netip.Addr{first}})
			for range 2 {
				_, _ = conn.Write(question("portal.corp.test.", dns.TypeA, true))
				if m := answered(t, conn); m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 {
					t.Fatalf("%v", m)
				}
			}
		})
	}
}

// Queries on one connection do not wait for each other, and the next server is used if one is down.
func TestStreamAnswersOutOfOrder(t *testing.T) {
	hold := make(chan struct{})
	at := nameServer(t, func(conn net.Conn, query *dns.Msg) {
		if query.Question[0].Name == "slow.corp.test." {
			<-hold
		}
		reply(conn, query, dns.RcodeSuccess, "10.1.2.3")
	})
	conn := stream(t, intranet{servers: map[netip.Addr]string{second: at}, order: []netip.Addr{first, second}})
	_, _ = conn.Write(append(question("slow.corp.test.", dns.TypeA, false), question("fast.corp.test.", dns.TypeA, false)...))
	if m := answered(t, conn); m.Question[0].Name != "fast.corp.test." {
		t.Errorf("%v", m)
	}
	close(hold)
	if m := answered(t, conn); m.Question[0].Name != "slow.corp.test." {
		t.Errorf("%v", m)
	}
}

// A zone transfer has several messages, so the connection is relayed without parsing.
func TestStreamRelaysZoneTransfers(t *testing.T) {
	at := nameServer(t, func(conn net.Conn, query *dns.Msg) {
		for range 3 {
			reply(conn, query, dns.RcodeSuccess, "10.1.2.3")
		}
	})
	conn := stream(t, intranet{servers: map[netip.Addr]string{second: at}, order: []netip.Addr{first, second}})
	_, _ = conn.Write(question("corp.test.", dns.TypeAXFR, false))
	for range 3 {
		if m := answered(t, conn); m.Question[0].Qtype != dns.TypeAXFR {
			t.Errorf("%v", m)
		}
	}
}

// A query without an answer ends the connection, so that the client tries another server.
func TestStreamClosesWithoutAnAnswer(t *testing.T) {
	conn := stream(t, intranet{order: []netip.Addr{first}})
	_, _ = conn.Write(question("portal.corp.test.", dns.TypeA, false))
	if raw, err := resolver.ReadFrame(conn); err == nil {
		t.Errorf("answered % x", raw)
	}
}
