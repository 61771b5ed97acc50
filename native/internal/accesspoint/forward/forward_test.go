package forward

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/userspace/stack"
)

// oneClient is the only client there is.
type oneClient struct{ only *Client }

func (c oneClient) Client(netip.Addr) *Client { return c.only }
func (oneClient) IsInner(netip.Addr) bool     { return false }

// pipe joins two stacks without WireGuard between them.
func pipe(from, to *stack.Device) {
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

// newClientStack is the stack of a client whose traffic the forwarder gets.
func newClientStack(t *testing.T, config Config) *stack.Stack {
	t.Helper()
	config.Clients = oneClient{NewClient()}
	config.Clients.Client(netip.Addr{}).Update([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, 0)
	config.Host = func() policy.Host { return policy.Host{} }
	config.Logger = slog.New(slog.DiscardHandler)
	forwarder := New(config)
	point, err := stack.New(stack.Config{MTU: 1420, Forward: forwarder.Handlers()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := stack.New(stack.Config{MTU: 1280, Addresses: []netip.Prefix{
		netip.MustParsePrefix("10.9.0.2/32"), netip.MustParsePrefix("fd00:5a9::2/128"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	go pipe(client.Device(), point.Device())
	go pipe(point.Device(), client.Device())
	t.Cleanup(func() {
		client.Close()
		point.Close()
		forwarder.Close()
	})
	return client
}

func TestFailuresOfTheHostArriveAsSuch(t *testing.T) {
	for _, test := range []struct {
		name string
		host error
		want error
	}{
		{"refused", syscall.ECONNREFUSED, stack.ErrRefused},
		{"no such socket", os.ErrNotExist, stack.ErrRefused},
		{"host unreachable", syscall.EHOSTUNREACH, stack.ErrUnreachable},
		{"network unreachable", syscall.ENETUNREACH, stack.ErrUnreachable},
		{"forbidden by a firewall", syscall.EPERM, stack.ErrUnreachable},
		{"timed out", context.DeadlineExceeded, stack.ErrTimeout},
		{"timed out by the kernel", syscall.ETIMEDOUT, stack.ErrTimeout},
	} {
		for _, to := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
			t.Run(test.name+" "+to, func(t *testing.T) {
				t.Parallel()
				client := newClientStack(t, Config{Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: test.host}
				}})
				limit := 5 * time.Second
				if test.want == stack.ErrTimeout {
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

func TestFlowsOfAClient(t *testing.T) {
	c := NewClient()
	to := netip.MustParseAddr("10.0.0.1")
	aborted := 0
	if _, ok := c.begin(to, func() {}); ok {
		t.Fatal("a flow to where the client may not go")
	}
	c.Update([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 0)
	end, ok := c.begin(to, func() { aborted++ })
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
	for range maxFlows {
		if _, ok := c.begin(to, func() { aborted++ }); !ok {
			t.Fatal("too few flows")
		}
	}
	if _, ok := c.begin(to, func() {}); ok {
		t.Fatal("too many flows")
	}
	c.End()
	if aborted != 1+maxFlows {
		t.Fatalf("%d flows were reset at the end", aborted-1)
	}
	if _, ok := c.begin(to, func() {}); ok {
		t.Fatal("a flow after the end")
	}
}
