package accesspoint

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/engine/probe"
	"sag.software/native/internal/userspace/stack"
)

const (
	sessionA     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sessionB     = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	probeAddress = "fd00:5a9:0:ffff::1"
)

// handClock is set by hand.
type handClock struct {
	mu  sync.Mutex
	now time.Duration
}

func (c *handClock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

// fixture is an access point whose cloud is the test.
type fixture struct {
	*Point
	key      engine.PrivateKey
	clock    *handClock
	revision uint64
}

func newFixture(t testing.TB, p policy.Policy, host policy.Host) *fixture {
	t.Helper()
	key, err := engine.NewPrivateKey()
	must(t, err)
	f := &fixture{key: key, clock: &handClock{}}
	f.Point, err = New(Config{
		Key: key, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Policy: p,
		Host: func() policy.Host { return host }, BootID: strings.Repeat("0", 32), Clock: f.clock,
		Logger: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	t.Cleanup(f.Close)
	f.receive(t, &accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Snapshot{Snapshot: &accesspointv1.Snapshot{
		Settings: &accesspointv1.Settings{ProbeAddress: probeAddress}, Last: true,
	}}})
	return f
}

func (f *fixture) receive(t testing.TB, message *accesspointv1.WatchResponse) *accesspointv1.AcknowledgeRequest {
	t.Helper()
	f.revision++
	message.Epoch, message.Revision = 1, f.revision
	ack, err := f.Receive(message)
	must(t, err)
	if ack.GetRevision() != f.revision {
		t.Fatalf("acknowledged %v, want revision %d", ack, f.revision)
	}
	return ack
}

func (f *fixture) delta(t testing.TB, delta *accesspointv1.Delta) *accesspointv1.AcknowledgeRequest {
	t.Helper()
	return f.receive(t, &accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Delta{Delta: delta}})
}

func (f *fixture) upsert(t testing.TB, peers ...*accesspointv1.Peer) *accesspointv1.AcknowledgeRequest {
	t.Helper()
	return f.delta(t, &accesspointv1.Delta{Upsert: peers})
}

func (f *fixture) endpoint() string {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), f.ListenPort()).String()
}

// dialUp makes a client and connects it.
func (f *fixture) dialUp(t testing.TB, destinations ...string) *fakeclient.Client {
	t.Helper()
	c := fakeclient.New(t, sessionA, "10.9.0.2", "fd00:5a9::2")
	f.upsert(t, c.Peer(time.Hour, destinations...))
	c.Connect(t, f.key.Public(), f.endpoint())
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func published(t testing.TB, texts ...string) policy.Policy {
	t.Helper()
	var p policy.Policy
	for _, text := range texts {
		must(t, p.Published.Publish(text))
	}
	return p
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// echoServer answers with what it gets, on a Unix socket.
func echoServer(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "echo.sock")
	listener, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go serveEcho(listener)
	return path
}

func serveEcho(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}()
	}
}

func TestForwarding(t *testing.T) {
	// A port of the host that nothing listens on: reached by a publication, it refuses.
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	refusing := free.Addr().String()
	must(t, free.Close())
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
		{"published, refused by the target", "10.0.0.80:81", stack.ErrRefused},
		{"published, no such socket", "10.0.0.80:82", stack.ErrRefused},
		{"published address, other port", "10.0.0.80:83", stack.ErrRefused},
		{"not among the destinations", "10.1.0.1:80", stack.ErrUnreachable},
		{"link-local", "169.254.169.254:80", stack.ErrUnreachable},
		{"the host's own address", "10.0.5.5:22", stack.ErrUnreachable},
		{"another client", "[fd00:5a9::3]:80", stack.ErrUnreachable},
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

// The policy knows the host's addresses of a moment ago; the one that a connection took is checked as well.
func TestOwnHostIsNotReachedByAnAddressThePolicyMissed(t *testing.T) {
	var own string
	for _, prefix := range interfaces() {
		if prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			own = prefix.Addr().String()
		}
	}
	if own == "" {
		t.Skip("this machine has no address but loopback")
	}
	listener, err := net.Listen("tcp4", own+":0")
	must(t, err)
	defer listener.Close()
	f := newFixture(t, policy.Policy{}, policy.Host{}) // a policy that knows of no interface
	c := f.dialUp(t, "0.0.0.0/0")
	if _, err := c.Dial(context.Background(), listener.Addr().String()); !errors.Is(err, stack.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
}

func TestHalfCloseBothWays(t *testing.T) {
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
	heard, err := io.ReadAll(host) // ends: the client has closed its direction
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

func TestResetArrivesAsReset(t *testing.T) {
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
	if _, err := inner.Read(make([]byte, 1)); !errors.Is(err, stack.ErrReset) {
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
	closed, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	must(t, closed.Close())
	f := newFixture(t, published(t, "udp:10.0.0.53:53="+server.LocalAddr().String(), "10.0.0.53:54="+closed.LocalAddr().String()), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	for _, test := range []struct {
		name, to string
		size     int
		want     error
	}{
		{"answered", "10.0.0.53:53", 100, nil},
		{"longer than the MTU", "10.0.0.53:53", 1900, nil},
		{"refused by the target", "10.0.0.53:54", 10, stack.ErrRefused},
		{"nothing published at the port", "10.0.0.53:55", 10, stack.ErrRefused},
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
	if _, err := c.Stack.Ping(short, netip.MustParseAddr("10.1.0.1")); !errors.Is(err, stack.ErrTimeout) {
		t.Fatalf("ping of a forbidden address: %v", err)
	}
}

func TestLeaseEnds(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	f.clock.advance(59 * time.Minute)
	f.upsert(t, c.Peer(time.Hour, "10.0.0.0/24")) // renewed: another hour from now
	f.clock.advance(59 * time.Minute)
	f.delta(t, &accesspointv1.Delta{}) // wakes the watch over leases; nothing is over
	_, err = conn.Write([]byte("still there"))
	must(t, err)
	_, err = io.ReadFull(conn, make([]byte, len("still there")))
	must(t, err)

	f.clock.advance(time.Minute)
	f.wake()
	eventually(t, "the peer is removed", func() bool {
		peers, err := f.device.Peers()
		return err == nil && len(peers) == 0
	})
	eventually(t, "its addresses are nobody's", func() bool { return (*lookup)(f.Point).Client(c.Address4) == nil })
	counters := f.Counters()
	if len(counters) != 1 || counters[0].GetSessionId() != sessionA {
		t.Fatalf("the last counters are to be told once more: %v", counters)
	}
	f.Reported(counters)
	if rest := f.Counters(); len(rest) != 0 {
		t.Fatalf("then no more: %v", rest)
	}
}

func (f *fixture) wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
}

func TestLosingADestinationEndsItsConnections(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	f.upsert(t, c.Peer(time.Hour, "10.0.1.0/24"))
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, stack.ErrReset) {
		t.Fatalf("got %v, want a reset", err)
	}
}

func TestProbesAndCounters(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	id, _ := hex.DecodeString(sessionA)
	own := probe.Message{Kind: probe.Request, Active: true, Session: [16]byte(id), Generation: 1<<32 | 2, Nonce: 1}
	older := probe.Message{Kind: probe.Request, Session: [16]byte(id), Generation: 1<<32 | 1, Nonce: 2}
	foreign := probe.Message{Kind: probe.Request, Session: [16]byte{1}, Generation: 9 << 32, Nonce: 3}
	for _, m := range []probe.Message{own, older, foreign} {
		must(t, c.Tap.Send(c.Address6, netip.MustParseAddr(probeAddress), m))
		select {
		case reply := <-c.Replies:
			if reply.Nonce != m.Nonce {
				t.Fatalf("got %+v", reply)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("no answer")
		}
	}
	idle := f.Counters()[0]
	if idle.GetGeneration() != 1<<32|2 || !idle.GetActive() || idle.GetHandshakeAge() == nil {
		t.Fatalf("got %v", idle)
	}
	if idle.GetRxBytes() != 0 || idle.GetTxBytes() != 0 {
		t.Fatalf("probes are counted: %v", idle)
	}
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	const size = 100_000
	go func() { _, _ = conn.Write(make([]byte, size)) }()
	_, err = io.ReadFull(conn, make([]byte, size))
	must(t, err)
	busy := f.Counters()[0]
	for _, n := range []uint64{busy.GetRxBytes(), busy.GetTxBytes()} {
		if n < size || n > size*12/10 {
			t.Fatalf("%d bytes each way were counted as %v", size, busy)
		}
	}
}

func TestCap(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	peer := c.Peer(time.Hour, "10.0.0.0/24")
	peer.Bandwidth = 8_000_000 // 1 MB/s
	f.upsert(t, peer)
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	const size = 500_000
	began := time.Now()
	go func() { _, _ = conn.Write(make([]byte, size)) }()
	_, err = io.ReadFull(conn, make([]byte, size))
	must(t, err)
	if took := time.Since(began); took < 350*time.Millisecond || took > 10*time.Second {
		t.Fatalf("500 kB at 1 MB/s took %s", took)
	}
}

func TestDuplicatesAreRefused(t *testing.T) {
	f := newFixture(t, policy.Policy{}, policy.Host{})
	first := fakeclient.New(t, sessionA, "10.9.0.2", "fd00:5a9::2")
	second := fakeclient.New(t, sessionB, "10.9.0.2", "fd00:5a9::3")
	f.upsert(t, first.Peer(time.Hour))
	ack := f.upsert(t, second.Peer(time.Hour))
	if len(ack.GetRefused()) != 1 || ack.GetRefused()[0].GetSessionId() != sessionB ||
		ack.GetRefused()[0].GetFailure().GetCause() != typesv1.Cause_CAUSE_ADDRESS_IN_USE {
		t.Fatalf("got %v", ack)
	}
	ack = f.delta(t, &accesspointv1.Delta{Remove: []string{sessionA}, Upsert: []*accesspointv1.Peer{second.Peer(time.Hour)}})
	if len(ack.GetRefused()) != 0 {
		t.Fatalf("the address is free by then: %v", ack)
	}
}
