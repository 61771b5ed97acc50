package httpproxy

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/proxy/accept"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/proxytest"
)

var otherUsersAddress = netip.MustParseAddr("127.83.71.103")

// byAddress is a table in which one address belongs to another user.
type byAddress struct{ proxytest.Owner }

func (byAddress) TCP(client, _ netip.AddrPort) (uint32, error) {
	if client.Addr().Unmap() == otherUsersAddress {
		return 1001, nil
	}
	return 1000, nil
}

// Another user opens more connections than the limit, and sends nothing.
func TestOtherUsersConnectionsTakeNoSlot(t *testing.T) {
	s := newServerFor(byAddress{}, network{to: origin(t)}, func() string { return "pac" })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(listener)
	t.Cleanup(s.Close)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: otherUsersAddress.AsSlice()}, Timeout: 5 * time.Second}
	for range accept.Limit + 10 {
		conn, err := dialer.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	for _, request := range []string{
		"GET http://portal.test/ HTTP/1.1\nHost: portal.test\nConnection: close\n\n", "GET /proxy.pac HTTP/1.1\nHost: 127.0.0.1\n\n",
	} {
		if response, body := ask(t, listener.Addr().String(), request); response.StatusCode != http.StatusOK {
			t.Errorf("%.20q: %d %s", request, response.StatusCode, body)
		}
	}
	if n := s.Clients(); n > 2 {
		t.Errorf("%d connections have a slot", n)
	}
}

// Another user is refused before sending anything.
func TestOtherUsersAreRefusedAtOnce(t *testing.T) {
	conn, err := net.Dial("tcp", serve(t, 1001, network{}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 403 ") {
		t.Errorf("%q %v", answer, err)
	}
}

// Each client beyond the limit gets the same answer, however many come at once.
func TestEveryClientBeyondTheLimitIsAnswered(t *testing.T) {
	const more = 600
	proxy := serve(t, 1000, network{})
	for range accept.Limit {
		conn, err := net.Dial("tcp", proxy)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	answers := make(chan string, more)
	for range more {
		go func() { answers <- connectThrough(proxy) }()
	}
	for range more {
		if answer := <-answers; !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(answer, "this proxy serves 1024 at a time") {
			t.Fatalf("answered %q", answer)
		}
	}
}

// connectThrough sends a CONNECT and returns the answer, or the error.
func connectThrough(proxy string) string {
	conn, err := net.Dial("tcp", proxy)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, "CONNECT 10.0.0.1:7 HTTP/1.1\r\nHost: 10.0.0.1:7\r\n\r\n"); err != nil {
		return err.Error()
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return string(answer) + err.Error()
	}
	return string(answer)
}

// noFiles is a table of a process that has too many open files.
type noFiles struct{ proxytest.Owner }

func (noFiles) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) {
	return 0, peercred.ErrNoDescriptor
}

// exhausted is a listener whose process has too many open files.
type exhausted struct {
	net.Listener
	left int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.left--; e.left < 0 {
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
}

func TestTooManyOpenFiles(t *testing.T) {
	var log strings.Builder
	policy := *proxytest.Policy()
	policy.RefuseDirect = false
	current := dialer.Intranet{Policy: &policy, Network: network{}}
	d := dialer.NewDialer(func() dialer.Intranet { return current }, proxytest.NoSearch)
	d.Host.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	newProxy := func(table peercred.Table) *Server {
		return New(d, peercred.Guard{Table: table, UID: 1000}, slog.New(slog.NewTextHandler(&log, nil)), nil, nil)
	}
	newProxy(proxytest.Owner(1000)).Serve(&exhausted{left: 5})
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "too many open files") {
		t.Errorf("logged %d lines: %s", lines, log.String())
	}
	for table, target := range map[peercred.Table]string{noFiles{}: "10.0.0.1:7", proxytest.Owner(1000): "192.0.2.1:7"} {
		s := newProxy(table)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go s.Serve(listener)
		t.Cleanup(s.Close)
		response, body := ask(t, listener.Addr().String(), "CONNECT "+target+" HTTP/1.1\nHost: "+target+"\n\n")
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "too many open files") {
			t.Errorf("%s: %d %s", target, response.StatusCode, body)
		}
	}
}
