package httpproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/proxytest"
)

// network connects every address to one server, or fails.
type network struct {
	to  string
	err error
}

func (n network) DialTCP(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
	if n.err != nil {
		return nil, n.err
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", n.to)
}
func (n network) ListenPacket(bool) (net.PacketConn, error) { return nil, n.err }
func (n network) Lookup(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, n.err
}

func newServer(uid uint32, n network, pacFile func() string) *Server {
	return newServerFor(proxytest.Owner(uid), n, pacFile)
}

func newServerFor(table peercred.Table, n network, pacFile func() string) *Server {
	current := dialer.Intranet{Policy: proxytest.Policy(), Network: n}
	return New(dialer.NewDialer(func() dialer.Intranet { return current }, proxytest.NoSearch),
		peercred.Guard{Table: table, UID: 1000}, slog.New(slog.DiscardHandler), pacFile, func() string { return "" })
}

func serve(t *testing.T, uid uint32, n network) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(uid, n, func() string { return "function FindProxyForURL() {}" })
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(listener) }()
	t.Cleanup(func() { s.Close(); <-done })
	return listener.Addr().String()
}

// origin is a server that returns the request it received.
func origin(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "X-Secret")
		w.Header().Set("X-Secret", "of this hop")
		for _, name := range []string{"Proxy-Connection", "Proxy-Authorization", "X-Hop", "Te", "X-Forwarded-For", "User-Agent", "Upgrade"} {
			if v := r.Header.Get(name); v != "" {
				fmt.Fprintf(w, "%s=%s\n", name, v)
			}
		}
		fmt.Fprintf(w, "%s %s %s\n", r.Method, r.Host, r.RequestURI)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// ask sends raw text and returns the response.
func ask(t *testing.T, to, text string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n"))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	body, _ := io.ReadAll(response.Body)
	return response, string(body)
}

func TestAbsoluteForm(t *testing.T) {
	proxy := serve(t, 1000, network{to: origin(t)})
	response, body := ask(t, proxy, "GET http://portal.test:81/a?b=c HTTP/1.1\nHost: portal.test:81\nProxy-Connection: keep-alive\n"+
		"Proxy-Authorization: Basic eA==\nConnection: X-Hop\nX-Hop: 1\nTE: gzip\nX-Forwarded-For: 192.0.2.7\n\n")
	if body != "X-Forwarded-For=192.0.2.7\nGET portal.test:81 /a?b=c\n" {
		t.Errorf("what arrived: %q", body)
	}
	if response.StatusCode != 200 || response.Header.Get("X-Secret") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

func TestRefusedForms(t *testing.T) {
	proxy := serve(t, 1000, network{to: origin(t)})
	for _, c := range []struct {
		request string
		status  int
	}{
		{"GET / HTTP/1.1\nHost: portal.test\n\n", 400},
		{"GET /proxy.pac HTTP/1.1\nHost: rebound.test\n\n", 400},
		{"POST /proxy.pac HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n", 400},
		{"GET https://portal.test/ HTTP/1.1\nHost: portal.test\n\n", 400},
		{"GET ftp://portal.test/ HTTP/1.1\nHost: portal.test\n\n", 400},
		{"OPTIONS * HTTP/1.1\nHost: portal.test\n\n", 400},
		{"CONNECT portal.test HTTP/1.1\nHost: portal.test\n\n", 400},
		{"CONNECT portal.test:0 HTTP/1.1\nHost: portal.test\n\n", 400},
		{"CONNECT portal.test:99999 HTTP/1.1\nHost: portal.test\n\n", 400},
		{"GET http:///x HTTP/1.1\nHost: portal.test\n\n", 400},
		{"nonsense\n\n", 400},
		{"GET http://portal.test/ HTTP/1.1\nHost: portal.test\nContent-Length: 1\nContent-Length: 2\n\n", 400},
		{"GET http://portal.test/ HTTP/1.1\nHost: a\nX: " + strings.Repeat("x", 80<<10) + "\n\n", 431},
	} {
		if response, body := ask(t, proxy, c.request); response.StatusCode != c.status {
			t.Errorf("%.60q: %d %s", c.request, response.StatusCode, body)
		}
	}
}

func TestPACFile(t *testing.T) {
	proxy := serve(t, 1000, network{})
	response, body := ask(t, proxy, "GET /proxy.pac?v=2 HTTP/1.1\nHost: "+proxy+"\nConnection: close\n\n")
	if response.StatusCode != 200 || !strings.Contains(body, "FindProxyForURL") ||
		response.Header.Get("Content-Type") != "application/x-ns-proxy-autoconfig" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", response, body)
	}
}

func TestFailuresHaveACause(t *testing.T) {
	for cause, want := range map[failure.Cause]string{
		failure.TargetRefused:     "502 target_refused",
		failure.TargetUnreachable: "502 target_unreachable",
		failure.NameNotFound:      "502 name_not_found",
		failure.NotConnected:      "502 not_connected",
		failure.TargetTimeout:     "504 target_timeout",
		failure.DNSUnavailable:    "504 dns_unavailable",
		failure.NotPermitted:      "403 not_permitted",
	} {
		proxy := serve(t, 1000, network{err: failure.New(cause, msg.Foreign("words"))})
		for _, request := range []string{"GET http://portal.test/ HTTP/1.1\nHost: portal.test\nConnection: close\n\n", "CONNECT portal.test:443 HTTP/1.1\nHost: portal.test:443\n\n"} {
			response, body := ask(t, proxy, request)
			if got := fmt.Sprintf("%d %s", response.StatusCode, body); got != want+": words\n" {
				t.Errorf("%s: %q", cause, got)
			}
		}
	}
}

func TestOtherUsersAreRefused(t *testing.T) {
	for _, uid := range []uint32{0, 1001} {
		proxy := serve(t, uid, network{to: origin(t)})
		for _, request := range []string{
			"GET http://portal.test/ HTTP/1.1\nHost: portal.test\n\n", "CONNECT portal.test:80 HTTP/1.1\nHost: portal.test:80\n\n",
			"GET /proxy.pac HTTP/1.1\nHost: 127.0.0.1\n\n",
		} {
			if response, _ := ask(t, proxy, request); response.StatusCode != http.StatusForbidden {
				t.Errorf("uid %d %.20q: %d", uid, request, response.StatusCode)
			}
		}
	}
}

// Data that a client sends right after its CONNECT, before the response, reaches the destination.
func TestConnectForwardsEarlyData(t *testing.T) {
	proxy := serve(t, 1000, network{to: origin(t)})
	conn, err := net.Dial("tcp", proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, "CONNECT portal.test:80 HTTP/1.1\r\nHost: portal.test:80\r\n\r\nGET /early HTTP/1.0\r\nHost: x\r\n\r\n")
	all, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(all), established) || !strings.Contains(string(all), "GET x /early") {
		t.Errorf("%q", all)
	}
}
