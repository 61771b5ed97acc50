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

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/proxytest"
)

// unknown is a table without any owner.
type unknown struct{ proxytest.Owner }

func (unknown) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, peercred.ErrUnknown }

// refusing is an intranet where every dial fails with one error.
type refusing struct{ err error }

func (r refusing) DialTCP(context.Context, netip.AddrPort) (net.Conn, error) { return nil, r.err }
func (r refusing) ListenPacket(bool) (net.PacketConn, error)                 { return nil, r.err }
func (r refusing) Lookup(context.Context, string) ([]netip.Addr, error)      { return nil, r.err }

func serve(t *testing.T, table peercred.Table, network dialer.Network) net.Addr {
	t.Helper()
	current := dialer.Intranet{Policy: proxytest.Policy(), Network: network}
	server := New(dialer.NewDialer(func() dialer.Intranet { return current }, proxytest.NoSearch),
		peercred.Guard{Table: table, UID: 1000}, slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(listener) }()
	t.Cleanup(func() { _ = listener.Close(); server.Close(); <-done })
	return listener.Addr()
}

// say sends a greeting and a request, and returns everything that is answered.
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
		{"refused", inner, failure.New(failure.TargetRefused, msg.Foreign("")), Refused},
		{"unreachable", inner, failure.New(failure.TargetUnreachable, msg.Foreign("")), HostUnreachable},
		{"timed out", inner, failure.New(failure.TargetTimeout, msg.Foreign("")), TTLExpired},
		{"not connected", inner, failure.New(failure.NotConnected, msg.Foreign("")), NetworkUnreachable},
		{"whatever", inner, failure.New(failure.Unknown, msg.Foreign("")), GeneralFailure},
		{"a plain error", inner, errors.New("odd"), HostUnreachable},
		{"bad command", []byte{5, 2, 0, 1, 10, 0, 0, 1, 0, 80}, nil, BadCommand},
		{"bad address type", []byte{5, 1, 0, 9, 10, 0, 0, 1, 0, 80}, nil, BadAddressType},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := say(t, serve(t, proxytest.Owner(1000), refusing{c.err}), c.request...)
			if len(answer) < 4 || answer[1] != methodNone || answer[2] != version5 || Reply(answer[3]) != c.want {
				t.Fatalf("%v, want reply %d", answer, c.want)
			}
		})
	}
}

func TestOtherUsersAreRefused(t *testing.T) {
	for name, table := range map[string]peercred.Table{"another user": proxytest.Owner(1001), "root": proxytest.Owner(0), "not known": unknown{}} {
		answer := say(t, serve(t, table, refusing{}), 5, 1, 0, 1, 10, 0, 0, 1, 0, 80)
		if string(answer) != string([]byte{version5, methodNoGood}) {
			t.Errorf("%s: %v", name, answer)
		}
	}
}
