package netstack_test

import (
	"context"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/netstack"
)

// New connections must not fail because of recently closed ones, whichever end closed first.
func TestManySequentialConnections(t *testing.T) {
	const connections, atOnce = 5000, 8
	const slow = time.Second
	// closers are ways to end a connection that leave no pending data at the other end.
	for _, closer := range []struct {
		name          string
		client, point func(netstack.Conn) error
	}{
		{"the far end closes first", waitForEnd, func(c netstack.Conn) error { return c.CloseWrite() }},
		{"the client closes first", func(c netstack.Conn) error {
			if err := c.CloseWrite(); err != nil {
				return err
			}
			return waitForEnd(c)
		}, waitForEnd},
		{"the client resets", func(c netstack.Conn) error { c.Abort(); return nil }, func(c netstack.Conn) error {
			_, _ = c.Read(make([]byte, 1))
			return nil
		}},
	} {
		t.Run(closer.name, func(t *testing.T) {
			forward := forwardAll()
			forward.TCP = func(r *netstack.TCPRequest) {
				conn, err := r.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if closer.point(conn) == nil {
					_ = waitForEnd(conn)
				}
			}
			tn := newTunnel(t, forward, probe.Callbacks{})
			var failed, late, made atomic.Int64
			var workers sync.WaitGroup
			for range atOnce {
				workers.Go(func() {
					for made.Add(1) <= connections {
						ctx, cancel := context.WithTimeout(context.Background(), 2*slow)
						begun := time.Now()
						conn, err := tn.client.DialTCP(ctx, netip.MustParseAddrPort("192.0.2.1:80"))
						cancel()
						if err != nil {
							failed.Add(1)
							continue
						}
						if time.Since(begun) > slow {
							late.Add(1)
						}
						if err := closer.client(conn); err != nil {
							failed.Add(1)
						}
						_ = conn.Close()
					}
				})
			}
			workers.Wait()
			if failed.Load() > 0 || late.Load() > 0 {
				t.Fatalf("of %d connections %d failed and %d took more than %s", connections, failed.Load(), late.Load(), slow)
			}
			for name, s := range map[string]*netstack.Stack{"client": tn.client, "access point": tn.point} {
				if kept := s.Connections(); kept > netstack.PointTimeWaits+2*atOnce {
					t.Errorf("the %s still has %d connections", name, kept)
				}
			}
		})
	}
}

// A closed connection releases its local port. Otherwise each one costs 2 KB for ever, and after 49,000 there is no free port.
func TestClosedConnectionsReleaseTheirPorts(t *testing.T) {
	for _, to := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
		forward := forwardAll()
		forward.TCP = func(r *netstack.TCPRequest) {
			if conn, err := r.Accept(); err == nil {
				_ = waitForEnd(conn)
				_ = conn.Close()
			}
		}
		tn := newTunnel(t, forward, probe.Callbacks{})
		conn, err := tn.client.DialTCP(t.Context(), netip.MustParseAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		local := netip.MustParseAddrPort(conn.LocalAddr().String())
		protocol := header.IPv4ProtocolNumber
		if local.Addr().Is6() {
			protocol = header.IPv6ProtocolNumber
		}
		if tn.client.IsFree(local.Port(), protocol) {
			t.Errorf("%s: the port of an open connection is free", to)
		}
		conn.Abort()
		_ = conn.Close()
		for end := time.Now().Add(10 * time.Second); tn.client.Connections() > 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if !tn.client.IsFree(local.Port(), protocol) {
			t.Errorf("%s: the port of a closed connection is still reserved", to)
		}
	}
}

// waitForEnd reads until the other end has closed.
func waitForEnd(c netstack.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}
