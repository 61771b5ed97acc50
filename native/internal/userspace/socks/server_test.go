package socks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/userspace/inside"
	"sag.software/native/internal/userspace/owner"
)

// anybody is a table in which everything belongs to one user.
type anybody uint32

func (a anybody) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return uint32(a), nil }
func (a anybody) UDP(netip.AddrPort) (uint32, error)                 { return uint32(a), nil }

type nobodyKnown struct{}

func (nobodyKnown) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, owner.ErrUnknown }
func (nobodyKnown) UDP(netip.AddrPort) (uint32, error)                 { return 0, owner.ErrUnknown }

// refusing is an intranet where every dial fails in one way.
type refusing struct{ err error }

func (r refusing) DialTCP(context.Context, netip.AddrPort) (net.Conn, error) { return nil, r.err }
func (r refusing) ListenPacket(bool) (net.PacketConn, error)                 { return nil, r.err }
func (r refusing) Lookup(context.Context, string) ([]netip.Addr, error)      { return nil, r.err }

func serve(t *testing.T, table owner.Table, network inside.Network) net.Addr {
	t.Helper()
	rule := &inside.Rule{Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	server := &Server{
		Dialer: inside.NewDialer(func() inside.Current { return inside.Current{Rule: rule, Network: network} }),
		Guard:  owner.Guard{Table: table, UID: 1000}, Logger: slog.New(slog.DiscardHandler),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(listener) }()
	t.Cleanup(func() { _ = listener.Close(); server.Close(); <-done })
	return listener.Addr()
}

// say sends a greeting and a request, and gives all that is answered.
func say(t *testing.T, to net.Addr, request ...byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = conn.Write(append([]byte{5, 1, 0}, request...))
	answer, _ := io.ReadAll(conn)
	return answer
}

func TestReplies(t *testing.T) {
	inner := []byte{5, 1, 0, 1, 10, 0, 0, 1, 0, 80}
	for _, c := range []struct {
		name    string
		request []byte
		err     error
		want    Reply
	}{
		{"refused", inner, failure.New(typesv1.Cause_CAUSE_TARGET_REFUSED, ""), Refused},
		{"unreachable", inner, failure.New(typesv1.Cause_CAUSE_TARGET_UNREACHABLE, ""), HostUnreachable},
		{"timed out", inner, failure.New(typesv1.Cause_CAUSE_TARGET_TIMEOUT, ""), TTLExpired},
		{"not connected", inner, failure.New(typesv1.Cause_CAUSE_NOT_CONNECTED, ""), NetworkUnreachable},
		{"whatever", inner, failure.New(typesv1.Cause_CAUSE_UNKNOWN, ""), GeneralFailure},
		{"a plain error", inner, errors.New("odd"), HostUnreachable},
		{"bad command", []byte{5, 2, 0, 1, 10, 0, 0, 1, 0, 80}, nil, BadCommand},
		{"bad address type", []byte{5, 1, 0, 9, 10, 0, 0, 1, 0, 80}, nil, BadAddressType},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := say(t, serve(t, anybody(1000), refusing{c.err}), c.request...)
			if len(answer) < 4 || answer[1] != methodNone || answer[2] != version5 || Reply(answer[3]) != c.want {
				t.Fatalf("%v, want reply %d", answer, c.want)
			}
		})
	}
}

func TestOthersAreRefused(t *testing.T) {
	for name, table := range map[string]owner.Table{"another user": anybody(1001), "root": anybody(0), "nobody knows": nobodyKnown{}} {
		answer := say(t, serve(t, table, refusing{}), 5, 1, 0, 1, 10, 0, 0, 1, 0, 80)
		if string(answer) != string([]byte{version5, methodNoGood}) {
			t.Errorf("%s: %v", name, answer)
		}
	}
}
