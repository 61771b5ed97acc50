package httpproxy

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/proxy/accept"
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
