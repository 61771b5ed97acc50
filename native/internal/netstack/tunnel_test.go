package netstack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/netstack"
)

var (
	client4   = netip.MustParseAddr("10.9.0.2")
	client6   = netip.MustParseAddr("fd00:5a9::2")
	probeAddr = netip.MustParseAddr("fd00:5a9:0:ffff::1")
)

// tunnel is a client and an access point in one process, with WireGuard over loopback between them.
type tunnel struct {
	client, point             *netstack.Stack
	clientDevice, pointDevice *engine.Device
	clientTap, pointTap       *probe.Stage
	clientKey, pointKey       engine.Key
}

func newTunnel(t testing.TB, forward *netstack.Forward, callbacks probe.Callbacks) *tunnel {
	t.Helper()
	clientPrivate, err := engine.NewPrivateKey()
	must(t, err)
	pointPrivate, err := engine.NewPrivateKey()
	must(t, err)
	tn := &tunnel{clientKey: clientPrivate.Public(), pointKey: pointPrivate.Public()}
	own := []netip.Prefix{netip.PrefixFrom(client4, 32), netip.PrefixFrom(client6, 128)}
	tn.client, err = netstack.New(netstack.Config{Addresses: own, MTU: 1280})
	must(t, err)
	tn.point, err = netstack.New(netstack.Config{MTU: 1280, Forward: forward})
	must(t, err)
	clientPath, pointPath := datapath.New(tn.client.Device()), datapath.New(tn.point.Device())
	tn.clientTap = probe.NewStage(clientPath.Inject, probe.Callbacks{Replied: callbacks.Replied})
	clientPath.FromTunnel(tn.clientTap.FromTunnel)
	tn.pointTap = probe.NewStage(pointPath.Inject, probe.Callbacks{Requested: callbacks.Requested})
	pointPath.FromTunnel(tn.pointTap.FromTunnel)
	tn.pointTap.SetAddress(probeAddr)
	loopback := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	tn.pointDevice, err = engine.New(engine.Config{PrivateKey: pointPrivate, Listen: loopback, Path: pointPath})
	must(t, err)
	tn.clientDevice, err = engine.New(engine.Config{PrivateKey: clientPrivate, Path: clientPath})
	must(t, err)
	psk := engine.PresharedKey{1, 2, 3}
	must(t, tn.pointDevice.UpsertPeer(engine.PeerConfig{PublicKey: tn.clientKey, PresharedKey: psk, AllowedIPs: own}))
	must(t, tn.clientDevice.UpsertPeer(engine.PeerConfig{
		PublicKey: tn.pointKey, PresharedKey: psk,
		Endpoint:   engine.UDPEndpoint(netip.AddrPortFrom(loopback[0].Addr(), tn.pointDevice.ListenPort())),
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
	}))
	t.Cleanup(func() {
		tn.clientDevice.Close()
		tn.pointDevice.Close()
		tn.client.Close()
		tn.point.Close()
	})
	return tn
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dialContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// forwardAll accepts and echoes everything, except for ports that stand for a failure.
func forwardAll() *netstack.Forward {
	return &netstack.Forward{
		TCP: func(r *netstack.TCPRequest) {
			switch r.Dst.Port() {
			case 1:
				r.Refuse()
			case 2:
				r.Unreachable()
			case 3:
				r.Prohibit()
			case 4:
				r.Drop()
			default:
				conn, err := r.Accept()
				if err != nil {
					return
				}
				_, _ = io.Copy(conn, conn)
				_ = conn.CloseWrite()
			}
		},
		UDP: func(r *netstack.UDPRequest) {
			switch r.Dst.Port() {
			case 1:
				r.Refuse()
				return
			case 2:
				r.Unreachable()
				return
			case 3:
				r.Prohibit()
				return
			}
			conn, err := r.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		},
		Echo: func(r *netstack.EchoRequest) {
			switch last := r.Dst.AsSlice(); last[len(last)-1] {
			case 2:
				r.Unreachable()
			case 3:
				r.Prohibit()
			default:
				_ = r.Reply()
			}
		},
	}
}

func newForwardingTunnel(t testing.TB, callbacks probe.Callbacks) *tunnel {
	t.Helper()
	return newTunnel(t, forwardAll(), callbacks)
}

func TestTCPThroughTheTunnel(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	for _, to := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
		t.Run(to, func(t *testing.T) {
			conn, err := tn.client.DialTCP(dialContext(t), netip.MustParseAddrPort(to))
			must(t, err)
			defer conn.Close()
			sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
			go func() {
				_, _ = conn.Write(sent)
				_ = conn.CloseWrite()
			}()
			received, err := io.ReadAll(conn)
			must(t, err)
			if !bytes.Equal(received, sent) {
				t.Fatalf("%d of %d bytes came back, or they differ", len(received), len(sent))
			}
		})
	}
}

func TestDialErrors(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	for _, host := range []string{"192.0.2.1", "2001:db8::1"} {
		for port, want := range map[uint16]error{1: netstack.ErrRefused, 2: netstack.ErrUnreachable, 3: netstack.ErrProhibited, 4: netstack.ErrTimeout} {
			t.Run(host+" "+want.Error(), func(t *testing.T) {
				t.Parallel()
				limit := 5 * time.Second
				if errors.Is(want, netstack.ErrTimeout) {
					limit = 300 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				_, err := tn.client.DialTCP(ctx, netip.AddrPortFrom(netip.MustParseAddr(host), port))
				if !errors.Is(err, want) || errors.Is(err, netstack.ErrProhibited) != (port == 3) {
					t.Fatalf("got %v, want %v", err, want)
				}
			})
		}
	}
}

func TestUDPThroughTheTunnel(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	for _, host := range []string{"192.0.2.1", "2001:db8::1"} {
		echo, err := tn.client.DialUDP(dialContext(t), netip.AddrPortFrom(netip.MustParseAddr(host), 53))
		must(t, err)
		must(t, echo.SetDeadline(time.Now().Add(5*time.Second)))
		_, err = echo.Write([]byte("question"))
		must(t, err)
		answer := make([]byte, 100)
		n, err := echo.Read(answer)
		must(t, err)
		if string(answer[:n]) != "question" {
			t.Fatalf("got %q", answer[:n])
		}
		for port, want := range map[uint16]error{1: netstack.ErrRefused, 2: netstack.ErrUnreachable, 3: netstack.ErrProhibited} {
			refused, err := tn.client.DialUDP(dialContext(t), netip.AddrPortFrom(netip.MustParseAddr(host), port))
			must(t, err)
			must(t, refused.SetDeadline(time.Now().Add(5*time.Second)))
			_, err = refused.Write([]byte("anybody?"))
			must(t, err)
			if _, err := refused.Read(answer); !errors.Is(err, want) || errors.Is(err, netstack.ErrProhibited) != (port == 3) {
				t.Fatalf("%s: got %v, want %v", host, err, want)
			}
			must(t, refused.Close())
		}
	}
}

func TestListenPacket(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	socket, err := tn.client.ListenPacket(netip.AddrPortFrom(client4, 0))
	must(t, err)
	must(t, socket.SetDeadline(time.Now().Add(5*time.Second)))
	for _, to := range []string{"192.0.2.1:1000", "192.0.2.2:2000"} {
		_, err = socket.WriteTo([]byte(to), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
		must(t, err)
		b := make([]byte, 100)
		n, from, err := socket.ReadFrom(b)
		must(t, err)
		if from.String() != to || string(b[:n]) != to {
			t.Fatalf("%q from %s, want from %s", b[:n], from, to)
		}
	}
}

func TestPing(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	for _, host := range []string{"192.0.2.1", "2001:db8::1", probeAddr.String()} {
		if _, err := tn.client.Ping(dialContext(t), netip.MustParseAddr(host)); err != nil {
			t.Fatalf("%s: %v", host, err)
		}
	}
	for host, want := range map[string]error{
		"192.0.2.2": netstack.ErrUnreachable, "2001:db8::2": netstack.ErrUnreachable, "192.0.2.3": netstack.ErrProhibited, "2001:db8::3": netstack.ErrProhibited,
	} {
		if _, err := tn.client.Ping(dialContext(t), netip.MustParseAddr(host)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", host, err, want)
		}
	}
}

func TestProbe(t *testing.T) {
	asked, answered := make(chan probe.Message, 1), make(chan probe.Message, 1)
	tn := newForwardingTunnel(t, probe.Callbacks{
		Requested: func(src netip.Addr, m probe.Message) {
			if src == client6 {
				asked <- m
			}
		},
		Replied: func(src netip.Addr, m probe.Message, _ int) {
			if src == probeAddr {
				answered <- m
			}
		},
	})
	request := probe.Message{Kind: probe.Request, Active: true, Session: [16]byte{9}, Generation: 1<<32 | 5, Nonce: 77}
	must(t, tn.clientTap.Send(client6, probeAddr, request, 0))
	ctx := dialContext(t)
	for _, step := range []struct {
		heard <-chan probe.Message
		kind  probe.Kind
	}{{asked, probe.Request}, {answered, probe.Reply}} {
		select {
		case m := <-step.heard:
			want := request
			want.Kind = step.kind
			if m != want {
				t.Fatalf("got %+v, want %+v", m, want)
			}
		case <-ctx.Done():
			t.Fatal("no answer")
		}
	}
}

func TestForceHandshake(t *testing.T) {
	tn := newForwardingTunnel(t, probe.Callbacks{})
	handshake := func() time.Time {
		peers, err := tn.clientDevice.Peers()
		must(t, err)
		return peers[tn.pointKey].LastHandshake
	}
	_, err := tn.client.Ping(dialContext(t), netip.MustParseAddr("192.0.2.1"))
	must(t, err)
	first := handshake()
	if first.IsZero() {
		t.Fatal("no handshake after a ping")
	}
	deadline := time.Now().Add(4 * time.Second) // by itself the engine would not start one before 2 min
	for !handshake().After(first) {
		if time.Now().After(deadline) {
			t.Fatal("no second handshake")
		}
		must(t, tn.clientDevice.ForceHandshake(tn.pointKey))
		time.Sleep(50 * time.Millisecond) // the responder ignores handshakes that come faster
	}
	if err := tn.clientDevice.ForceHandshake(engine.Key{1}); !errors.Is(err, engine.ErrUnknownPeer) {
		t.Fatalf("got %v", err)
	}
}
