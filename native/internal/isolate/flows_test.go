package isolate

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/router"
)

// failing is an intranet that answers each destination port with an ICMP error.
type failing struct{ Network }

var failures = map[uint16]error{1: netstack.ErrRefused, 2: netstack.ErrUnreachable, 3: netstack.ErrProhibited}

var causes = map[uint16]failure.Cause{1: failure.TargetRefused, 2: failure.TargetUnreachable, 3: failure.TargetDenied}

func (failing) NameServers() []netip.Addr { return nil }

func (failing) Dial(_ context.Context, _ string, to netip.AddrPort) (net.Conn, error) {
	here, _ := net.Pipe()
	return refusedSocket{here, failures[to.Port()]}, nil
}

func (failing) DialTCP(_ context.Context, to netip.AddrPort) (net.Conn, error) {
	return nil, failure.New(causes[to.Port()], msg.Foreign("no"))
}

func (failing) Ping(_ context.Context, to netip.Addr) (time.Duration, error) {
	last := to.As4()[3]
	return 0, failure.New(causes[uint16(last)], msg.Foreign("no"))
}

// refusedSocket is a socket that has received an ICMP error.
type refusedSocket struct {
	net.Conn
	err error
}

func (r refusedSocket) Read([]byte) (int, error)    { return 0, r.err }
func (r refusedSocket) Write(b []byte) (int, error) { return len(b), nil }

// pass carries packets from one path to another until it is closed.
func pass(from, to *datapath.Path) {
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

// A program in a namespace learns at once why its packets are not delivered, by TCP, UDP and ping.
func TestErrorsReachTheProgram(t *testing.T) {
	policy := &router.Policy{Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	current := dialer.Intranet{Policy: policy, Network: failing{}}
	outside, err := netstack.New(netstack.Config{MTU: 1420, Forward: newFlows(func() dialer.Intranet { return current }).handlers()})
	if err != nil {
		t.Fatal(err)
	}
	program, err := netstack.New(netstack.Config{MTU: 1420, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/32")}})
	if err != nil {
		t.Fatal(err)
	}
	outsidePath, programPath := datapath.New(outside.Device()), datapath.New(program.Device())
	go pass(programPath, outsidePath)
	go pass(outsidePath, programPath)
	t.Cleanup(func() { program.Close(); outside.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for port, want := range failures {
		to := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.80"), port)
		if _, err := program.DialTCP(ctx, to); !errors.Is(err, want) {
			t.Errorf("TCP: got %v, want %v", err, want)
		}
		conn, err := program.DialUDP(ctx, to)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = conn.Write([]byte("anybody?"))
		if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, want) {
			t.Errorf("UDP: got %v, want %v", err, want)
		}
		_ = conn.Close()
		if port == 1 {
			continue // a ping cannot be refused
		}
		if _, err := program.Ping(ctx, netip.AddrFrom4([4]byte{10, 0, 0, byte(port)})); !errors.Is(err, want) {
			t.Errorf("ping: got %v, want %v", err, want)
		}
	}
}
