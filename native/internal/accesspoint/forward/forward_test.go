package forward

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
)

// oneClient implements Clients with a single client.
type oneClient struct{ only *Client }

func (c oneClient) Client(netip.Addr) *Client { return c.only }
func (oneClient) IsInner(netip.Addr) bool     { return false }

// pipe connects two stacks without WireGuard.
func pipe(from, to *datapath.Path) {
	const batch, size, offset = 16, 2048, 16
	buffers, sizes := make([][]byte, batch), make([]int, batch)
	for i := range buffers {
		buffers[i] = make([]byte, size)
	}
	for {
		n, err := from.Read(buffers, sizes, offset)
		if err != nil {
			return
		}
		out := make([][]byte, n)
		for i := range out {
			out[i] = buffers[i][:offset+sizes[i]]
		}
		if _, err := to.Write(out, offset); err != nil {
			return
		}
	}
}

// newClientStack returns the stack of a client whose traffic goes to the forwarder.
func newClientStack(t *testing.T, config Config) *netstack.Stack {
	t.Helper()
	config.Clients = oneClient{NewClient()}
	config.Clients.Client(netip.Addr{}).Update([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, 0)
	config.Host = func() policy.Host { return policy.Host{} }
	config.Logger = slog.New(slog.DiscardHandler)
	forwarder := New(config)
	point, err := netstack.New(netstack.Config{MTU: 1420, Forward: forwarder.Handlers()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := netstack.New(netstack.Config{MTU: 1280, Addresses: []netip.Prefix{
		netip.MustParsePrefix("10.9.0.2/32"), netip.MustParsePrefix("fd00:5a9::2/128"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	clientPath, pointPath := datapath.New(client.Device()), datapath.New(point.Device())
	go pipe(clientPath, pointPath)
	go pipe(pointPath, clientPath)
	t.Cleanup(func() {
		client.Close()
		point.Close()
		forwarder.Close()
	})
	return client
}

func TestConnectErrorsReachTheClient(t *testing.T) {
	for _, test := range []struct {
		name string
		host error
		want error
	}{
		{"refused", syscall.ECONNREFUSED, netstack.ErrRefused},
		{"no such socket", os.ErrNotExist, netstack.ErrRefused},
		{"host unreachable", syscall.EHOSTUNREACH, netstack.ErrUnreachable},
		{"network unreachable", syscall.ENETUNREACH, netstack.ErrUnreachable},
		{"forbidden by a firewall", syscall.EPERM, netstack.ErrUnreachable},
		{"timed out", context.DeadlineExceeded, netstack.ErrTimeout},
		{"timed out by the kernel", syscall.ETIMEDOUT, netstack.ErrTimeout},
	} {
		for _, to := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
			t.Run(test.name+" "+to, func(t *testing.T) {
				t.Parallel()
				client := newClientStack(t, Config{Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: test.host}
				}})
				limit := 5 * time.Second
				if test.want == netstack.ErrTimeout {
					limit = 200 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				_, err := client.DialTCP(ctx, netip.MustParseAddrPort(to))
				if !errors.Is(err, test.want) {
					t.Fatalf("got %v, want %v", err, test.want)
				}
			})
		}
	}
}

func TestSilentUDPFlowEnds(t *testing.T) {
	ended := make(chan struct{})
	here, there := net.Pipe()
	go func() {
		b := make([]byte, 100)
		for {
			if _, err := there.Read(b); err != nil {
				close(ended)
				return
			}
		}
	}()
	client := newClientStack(t, Config{
		UDPIdle: 50 * time.Millisecond,
		Policy:  policy.Policy{Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		Dial:    func(context.Context, string, string) (net.Conn, error) { return here, nil },
	})
	conn, err := client.DialUDP(context.Background(), netip.MustParseAddrPort("192.0.2.1:1000"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("once")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the flow's socket is still open")
	}
}

// unreachable is a host's socket that has received an ICMP error.
type unreachable struct {
	net.Conn
	err error
}

func (u unreachable) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Net: "udp", Err: u.err}
}
func (u unreachable) Write(b []byte) (int, error) { return len(b), nil }

func TestErrorsOfDatagramsReachTheClient(t *testing.T) {
	for host, want := range map[error]error{
		syscall.ECONNREFUSED: netstack.ErrRefused, syscall.EHOSTUNREACH: netstack.ErrUnreachable, syscall.ENETUNREACH: netstack.ErrUnreachable,
		syscall.EACCES: netstack.ErrProhibited,
	} {
		here, _ := net.Pipe()
		client := newClientStack(t, Config{
			Policy: policy.Policy{Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
			Dial:   func(context.Context, string, string) (net.Conn, error) { return unreachable{here, host}, nil },
		})
		conn, err := client.DialUDP(context.Background(), netip.MustParseAddrPort("192.0.2.1:1000"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = conn.Write([]byte("anybody?"))
		if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, want) {
			t.Errorf("%v: got %v, want %v", host, err, want)
		}
		_ = conn.Close()
	}
}

// A client waits for late answers as long as a NAT would have to keep the flow (RFC 4787, REQ-5).
func TestDatagramFlowsAreKeptForTwoMinutes(t *testing.T) {
	if idle := New(Config{Logger: slog.New(slog.DiscardHandler)}).UDPIdle; idle < 2*time.Minute {
		t.Errorf("kept for %v", idle)
	}
}

// The idle time of a UDP flow is measured by the monotonic clock: setting the wall clock neither ends a flow nor keeps it.
func TestIdleTimeIgnoresTheWallClock(t *testing.T) {
	a := &association{idle: time.Minute}
	before := time.Since(started)
	a.touch()
	if last := a.lastUsed(); last < before || last > time.Since(started) {
		t.Errorf("last used %v after the start, not between %v and %v", last, before, time.Since(started))
	}
	// Time.String shows a monotonic reading as m=±SECONDS; deadlines of package net follow it where there is one.
	if ends := a.ends(); !strings.Contains(ends.String(), " m=") {
		t.Errorf("%v has no monotonic reading", ends)
	}
}

func TestFlowLimits(t *testing.T) {
	c := NewClient()
	to := netip.MustParseAddr("10.0.0.1")
	aborted := 0
	if _, ok, _ := c.begin(to, func() {}); ok {
		t.Fatal("a flow to where the client may not go")
	}
	c.Update([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 0)
	end, ok, _ := c.begin(to, func() { aborted++ })
	if !ok {
		t.Fatal("no flow to where it may go")
	}
	c.Update([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, 0)
	if aborted != 0 {
		t.Fatal("a flow was reset though it may go on")
	}
	c.Update(nil, 0)
	if aborted != 1 {
		t.Fatal("a flow goes on though it may not")
	}
	end()
	c.Update([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, 0)
	for range maxStreams {
		if _, ok, _ := c.begin(to, func() { aborted++ }); !ok {
			t.Fatal("too few connections")
		}
	}
	if _, ok, full := c.begin(to, func() {}); ok || !full {
		t.Fatal("too many connections")
	}
	// UDP has its own limit, and a new flow replaces the one that was idle for longest.
	ended := 0
	for i := range maxDatagramFlows + 1 {
		_, ok, displaced := c.beginDatagrams(to, func() { ended = i }, func() time.Duration {
			if i == 7 {
				return 1
			}
			return time.Duration(i + 2)
		})
		if !ok || displaced != (i == maxDatagramFlows) {
			t.Fatalf("UDP flow %d: %v, displaced %v", i, ok, displaced)
		}
	}
	if ended != 7 {
		t.Fatalf("flow %d made room, not the idlest one", ended)
	}
	c.End()
	if aborted != 1+maxStreams {
		t.Fatalf("%d connections were reset at the end", aborted-1)
	}
	if _, ok, _ := c.begin(to, func() {}); ok {
		t.Fatal("a flow after the end")
	}
	if _, ok, _ := c.beginDatagrams(to, func() {}, func() time.Duration { return 0 }); ok {
		t.Fatal("a UDP flow after the end")
	}
}
