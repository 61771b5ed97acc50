package accesspoint

import (
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
	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/engine"
)

const (
	sessionA     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sessionB     = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	probeAddress = "fd00:5a9:0:ffff::1"
)

// handClock is a clock that the test advances.
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

// fixture is an access point for which the test acts as the cloud.
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
		Host: func() policy.Host { return host }, Clock: f.clock,
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
	converted, err := agent.Message(message)
	must(t, err)
	received, err := f.Receive(converted)
	must(t, err)
	ack := agent.Acknowledge(*received, strings.Repeat("0", 32))
	if ack.GetRevision() != f.revision {
		t.Fatalf("acknowledged %v, want revision %d", ack, f.revision)
	}
	return ack
}

// Counters returns the counters as they are reported.
func (f *fixture) Counters() []*accesspointv1.Counters { return agent.Report(f.Point.Counters()) }

// Reported confirms that counters were reported.
func (f *fixture) Reported(counters []*accesspointv1.Counters) {
	var reported []sessiontable.Counters
	for _, c := range counters {
		reported = append(reported, sessiontable.Counters{ID: c.GetSessionId(), RxBytes: c.GetRxBytes(), TxBytes: c.GetTxBytes()})
	}
	f.Point.Reported(reported)
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

func (f *fixture) wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
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

// eventually waits until a condition is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// echoServer returns the path of a Unix socket that echoes what it receives.
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
