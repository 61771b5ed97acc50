package route

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/nettest"
)

// A program that waits on a reset connection gets an error at once. Other connections and listeners are not affected.
func TestEndConnections(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	nettest.Run(t, "ip", "addr", "add", "10.90.0.2/32", "dev", "lo")
	nettest.Run(t, "ip", "-6", "addr", "add", "fd00::2/128", "dev", "lo", "nodad")
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := netip.MustParseAddrPort(listener.Addr().String()).Port()
	dial := func(from, to string) net.Conn {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := dialer.Dial("tcp", netip.AddrPortFrom(netip.MustParseAddr(to), port).String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := listener.Accept(); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	ours := []net.Conn{dial("10.90.0.2", "127.0.0.1"), dial("fd00::2", "::1")}
	other := dial("127.0.0.1", "127.0.0.1")
	heard := make(chan error, len(ours))
	for _, conn := range ours {
		go func() {
			_, err := conn.Read(make([]byte, 1))
			heard <- err
		}()
	}
	ended, err := EndConnections([]netip.Addr{netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("fd00::2")})
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("not run: needs a kernel that ends connections for others (CONFIG_INET_DIAG_DESTROY)")
	}
	if err != nil || ended != len(ours) {
		t.Fatalf("%d ended: %v", ended, err)
	}
	for range ours {
		select {
		case err := <-heard:
			if !errors.Is(err, unix.ECONNABORTED) {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("still waiting")
		}
	}
	if _, err := other.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	dial("127.0.0.1", "127.0.0.1")
}
