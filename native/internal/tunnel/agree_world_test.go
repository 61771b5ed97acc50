package tunnel_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/httpproxy"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/proxytest"
	"sag.software/native/internal/proxy/socks"
	"sag.software/native/internal/resolver"
	"sag.software/native/internal/router"
)

// zone has the records of one name server.
type zone map[string]string

// nameServer is a real name server that records its queries.
type nameServer struct {
	at string

	mu    sync.Mutex
	asked []string
}

func serveZone(t *testing.T, z zone) *nameServer {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameServer{at: packets.LocalAddr().String()}
	server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
		n.mu.Lock()
		n.asked = append(n.asked, name)
		n.mu.Unlock()
		reply := new(dns.Msg)
		address, known := z[name]
		if !known {
			_ = w.WriteMsg(reply.SetRcode(q, dns.RcodeNameError))
			return
		}
		reply.SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			reply.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.ParseIP(address)}}
		}
		_ = w.WriteMsg(reply)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return n
}

func (n *nameServer) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked)
}

func (n *nameServer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, n.at)
}

// page is a connection to a server that answers how it was reached, and at which address.
func page(outcome router.Outcome, to netip.AddrPort) net.Conn {
	here, there := net.Pipe()
	go func() {
		defer func() { _ = there.Close() }()
		if _, err := http.ReadRequest(bufio.NewReader(there)); err == nil {
			_, _ = fmt.Fprintf(there, "HTTP/1.0 200 OK\r\n\r\n%s %s", outcome, to.Addr())
		}
	}()
	return here
}

// far is the network behind the tunnel.
type far struct{ resolver *resolver.Resolver }

func (f far) DialTCP(_ context.Context, to netip.AddrPort) (net.Conn, error) {
	return page(router.Tunneled, to), nil
}
func (far) ListenPacket(bool) (net.PacketConn, error) { return nil, errors.New("no datagrams") }
func (f far) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return f.resolver.Lookup(ctx, name)
}

// entries are the entry points of one host, all with the same policy.
type entries struct {
	policy      *router.Policy
	machine     router.Search
	inside      *nameServer
	outside     *nameServer
	dialer      *dialer.Dialer
	socks, http string
	forwarder   string
}

func openEntries(t *testing.T, policy *router.Policy, machine router.Search, within, without zone) *entries {
	t.Helper()
	e := &entries{policy: policy, machine: machine, inside: serveZone(t, within), outside: serveZone(t, without)}
	insideServer := netip.MustParseAddr("10.77.0.53")
	outsideServer := netip.MustParseAddr("192.0.2.53")
	byTunnel := resolver.New([]netip.Addr{insideServer}, false, func(ctx context.Context, network string, _ netip.AddrPort) (net.Conn, error) {
		return e.inside.dial(ctx, network, "")
	})
	search := func() router.Search { return machine }
	e.dialer = dialer.NewDialer(func() dialer.Intranet { return dialer.Intranet{Policy: policy, Network: far{byTunnel}} }, search)
	host := &net.Resolver{PreferGo: true, Dial: e.outside.dial}
	e.dialer.Host.Lookup = func(ctx context.Context, name string) ([]netip.Addr, error) {
		return host.LookupNetIP(ctx, "ip4", name+".")
	}
	e.dialer.Host.Dial = func(_ context.Context, to netip.AddrPort) (net.Conn, error) { return page(router.Direct, to), nil }
	logger := slog.New(slog.DiscardHandler)
	guard := peercred.Guard{Table: proxytest.Owner(1000), UID: 1000}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	s := socks.New(e.dialer, guard, logger)
	none := func() string { return "" }
	h := httpproxy.New(e.dialer, guard, logger, none, none)
	atSocks, atHTTP := listen(), listen()
	e.socks, e.http = atSocks.Addr().String(), atHTTP.Addr().String()
	go s.Serve(atSocks)
	go h.Serve(atHTTP)
	t.Cleanup(func() { s.Close(); h.Close() })

	var f *forward.Forwarder
	var port uint16
	// Another program may take the free port before the forwarder does.
	for f == nil {
		free, err := net.ListenPacket("udp", "127.83.71.53:0")
		if err != nil {
			t.Fatal(err)
		}
		port = netip.MustParseAddrPort(free.LocalAddr().String()).Port()
		_ = free.Close()
		f, err = forward.Open(forward.Config{
			Direct: func() []netip.Addr { return []netip.Addr{outsideServer} }, Search: search, Logger: logger, Port: port,
			Dial: func(ctx context.Context, network string, _ netip.AddrPort, isInside bool) (net.Conn, error) {
				if isInside {
					return e.inside.dial(ctx, network, "")
				}
				return e.outside.dial(ctx, network, "")
			},
		}, forward.Rules{
			Domains: policy.Domains, Search: policy.Search, AllNames: len(policy.Domains) == 0, Prefixes: policy.Routes,
			Servers: []netip.Addr{insideServer},
		})
		if err != nil && !errors.Is(err, forward.ErrNoPort) {
			t.Fatal(err)
		}
	}
	t.Cleanup(f.Close)
	e.forwarder = netip.AddrPortFrom(f.Address(), port).String()
	return e
}

// body returns the page's text, or the error.
func body(conn net.Conn, host, target string) string {
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", target, host)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error()
	}
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		cause, _, _ := strings.Cut(string(text), ":")
		return cause
	}
	return string(text)
}

func (e *entries) bySocks(t *testing.T, host string) string {
	conn, err := net.Dial("tcp", e.socks)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(append(append([]byte{5, 1, 0, 5, 1, 0, 3, byte(len(host))}, host...), 0, 80))
	answer := make([]byte, 2+10)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err.Error()
	}
	switch socks.Reply(answer[3]) {
	case socks.Succeeded:
		return body(conn, host, "/")
	case socks.NotAllowed:
		return "not_permitted"
	case socks.HostUnreachable:
		return "name_not_found"
	}
	return fmt.Sprint("reply ", answer[3])
}

func (e *entries) byHTTP(t *testing.T, host string) string {
	conn, err := net.Dial("tcp", e.http)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return body(conn, host, "http://"+host+"/")
}

func (e *entries) byConnect(t *testing.T, host string) string {
	conn, err := net.Dial("tcp", e.http)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return err.Error()
	}
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		cause, _, _ := strings.Cut(string(text), ":")
		return cause
	}
	return body(conn, host, "/")
}

func (e *entries) byPing(host string) string {
	place, err := e.dialer.Find(context.Background(), host)
	if err != nil {
		return causeWord(err)
	}
	if !place.Addresses[0].Tunneled {
		return "direct " + place.Addresses[0].IP.String()
	}
	return "tunneled " + place.Addresses[0].IP.String()
}
