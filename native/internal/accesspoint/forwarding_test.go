package accesspoint

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/netstack"
)

// refuses returns an address of the host that refuses connections. It is reserved for the duration of the test by another
// connection.
func refuses(t *testing.T, network string) string {
	t.Helper()
	var peer string
	if network == "udp4" {
		packets, err := net.ListenPacket(network, "127.0.0.1:0")
		must(t, err)
		t.Cleanup(func() { _ = packets.Close() })
		peer = packets.LocalAddr().String()
	} else {
		listener, err := net.Listen(network, "127.0.0.1:0")
		must(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		peer = listener.Addr().String()
	}
	conn, err := net.Dial(network, peer)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}

func TestForwarding(t *testing.T) {
	refusing := refuses(t, "tcp4")
	f := newFixture(t, published(t,
		"10.0.0.80:80=unix:"+echoServer(t),
		"10.0.0.80:81="+refusing,
		"10.0.0.80:82=unix:/nowhere/at/all.sock",
	), policy.Host{Interfaces: []netip.Prefix{netip.MustParsePrefix("10.0.5.5/24")}})
	f.upsert(t, fakeclient.New(t, sessionB, "10.9.0.3", "fd00:5a9::3").Peer(time.Hour))
	c := f.dialUp(t, "10.0.0.0/16", "169.254.0.0/16", "fd00:5a9::/48")
	for _, test := range []struct {
		name, to string
		want     error
	}{
		{"published", "10.0.0.80:80", nil},
		{"published, refused by the target", "10.0.0.80:81", netstack.ErrRefused},
		{"published, no such socket", "10.0.0.80:82", netstack.ErrRefused},
		{"published address, other port", "10.0.0.80:83", netstack.ErrRefused},
		{"not among the destinations", "10.1.0.1:80", netstack.ErrUnreachable},
		{"link-local", "169.254.169.254:80", netstack.ErrUnreachable},
		{"the host's own address", "10.0.5.5:22", netstack.ErrUnreachable},
		{"another client", "[fd00:5a9::3]:80", netstack.ErrUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := c.Dial(context.Background(), test.to)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil {
				_ = conn.Close()
			}
		})
	}
}

// The policy's list of the host's addresses may be out of date, so the local address of the connection is checked, too.
func TestHostAddressMissingInPolicyIsNotReached(t *testing.T) {
	var own string
	for _, prefix := range interfaces() {
		if prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			own = prefix.Addr().String()
		}
	}
	if own == "" {
		t.Skip("not run: needs an address besides loopback")
	}
	listener, err := net.Listen("tcp4", own+":0")
	must(t, err)
	defer listener.Close()
	f := newFixture(t, policy.Policy{}, policy.Host{}) // a policy without the host's interfaces
	c := f.dialUp(t, "0.0.0.0/0")
	if _, err := c.Dial(context.Background(), listener.Addr().String()); !errors.Is(err, netstack.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
}

func TestHalfCloseInBothDirections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "half.sock")
	listener, err := net.Listen("unix", path)
	must(t, err)
	defer listener.Close()
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+path), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	inner, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	host, err := listener.Accept()
	must(t, err)

	_, err = inner.Write([]byte("all I have to say"))
	must(t, err)
	must(t, inner.CloseWrite())
	heard, err := io.ReadAll(host) // ends, because the client has closed its direction
	must(t, err)
	_, err = host.Write([]byte("heard: " + string(heard)))
	must(t, err)
	must(t, host.Close())
	answer, err := io.ReadAll(inner)
	must(t, err)
	if string(answer) != "heard: all I have to say" {
		t.Fatalf("got %q", answer)
	}
}

func TestResetIsForwarded(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	f := newFixture(t, published(t, "10.0.0.80:80="+listener.Addr().String()), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	inner, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	host, err := listener.Accept()
	must(t, err)
	must(t, host.(*net.TCPConn).SetLinger(0))
	must(t, host.Close())
	must(t, inner.SetDeadline(time.Now().Add(5*time.Second)))
	if _, err := inner.Read(make([]byte, 1)); !errors.Is(err, netstack.ErrReset) {
		t.Fatalf("got %v, want a reset", err)
	}
}

func TestUDPAndEcho(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer server.Close()
	go func() {
		b := make([]byte, 2000)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	f := newFixture(t, published(t, "udp:10.0.0.53:53="+server.LocalAddr().String(), "udp:10.0.0.53:54="+refuses(t, "udp4")), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	for _, test := range []struct {
		name, to string
		size     int
		want     error
	}{
		{"answered", "10.0.0.53:53", 100, nil},
		{"longer than the MTU", "10.0.0.53:53", 1900, nil},
		{"refused by the target", "10.0.0.53:54", 10, netstack.ErrRefused},
		{"nothing published at the port", "10.0.0.53:55", 10, netstack.ErrRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := c.Stack.DialUDP(context.Background(), netip.MustParseAddrPort(test.to))
			must(t, err)
			defer conn.Close()
			must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
			_, err = conn.Write(make([]byte, test.size))
			must(t, err)
			n, err := conn.Read(make([]byte, 2000))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && n != test.size {
				t.Fatalf("%d bytes came back of %d", n, test.size)
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := c.Stack.Ping(ctx, netip.MustParseAddr("10.0.0.53")); err != nil {
		t.Fatalf("ping of a published address: %v", err)
	}
	short, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Stack.Ping(short, netip.MustParseAddr("10.1.0.1")); !errors.Is(err, netstack.ErrTimeout) {
		t.Fatalf("ping of a forbidden address: %v", err)
	}
}

func TestRemovedDestinationEndsConnections(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	f.upsert(t, c.Peer(time.Hour, "10.0.1.0/24"))
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, netstack.ErrReset) {
		t.Fatalf("got %v, want a reset", err)
	}
}
