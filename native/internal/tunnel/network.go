package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/userspace/names"
	"sag.software/native/internal/userspace/stack"
)

// network is the intranet as the proxies reach it. It is there for a whole session; while the tunnel is not up, everything
// fails at once.
type network struct {
	stack    *stack.Stack
	resolver *names.Resolver

	mu    sync.Mutex
	up    context.Context // nil while it is not up; done when it is no longer
	down  context.CancelCauseFunc
	why   error // while it is not up
	conns map[net.Conn]struct{}
}

func newNetwork(s *stack.Stack) *network {
	return &network{stack: s, conns: map[net.Conn]struct{}{}, why: notConnected(nil)}
}

func notConnected(cause *typesv1.Failure) error {
	if text := cause.GetText(); text != "" {
		return failure.New(typesv1.Cause_CAUSE_NOT_CONNECTED, "the intranet is not connected: %s", text)
	}
	return failure.New(typesv1.Cause_CAUSE_NOT_CONNECTED, "the intranet is not connected")
}

// ask sets who is asked for names.
func (n *network) ask(p *profile.Profile, ipv6 bool) {
	resolver := names.New(p.DNS.Servers, ipv6, n.dialName)
	n.mu.Lock()
	n.resolver = resolver
	n.mu.Unlock()
}

// set opens or shuts the way inside.
func (n *network) set(up bool, cause *typesv1.Failure) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case up && n.up == nil:
		n.up, n.down = context.WithCancelCause(context.Background())
	case !up:
		n.why = notConnected(cause)
		if n.up != nil {
			n.down(n.why)
			n.up = nil
		}
	}
}

// abort breaks every connection: what carried them is gone.
func (n *network) abort() {
	n.mu.Lock()
	conns := n.conns
	n.conns = map[net.Conn]struct{}{}
	n.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
}

func (n *network) way() (context.Context, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.up == nil {
		return nil, n.why
	}
	return n.up, nil
}

// DialTCP connects inside. An attempt ends when the tunnel does.
func (n *network) DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	up, err := n.way()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(up, func() { cancel(context.Cause(up)) })()
	conn, err := n.stack.DialTCP(ctx, to)
	if err != nil {
		if up.Err() != nil {
			return nil, context.Cause(up)
		}
		return nil, explain(err, to)
	}
	t := &tracked{Conn: conn, network: n}
	n.mu.Lock()
	n.conns[t] = struct{}{}
	n.mu.Unlock()
	return t, nil
}

// ListenPacket makes a socket for datagrams inside.
func (n *network) ListenPacket(ipv6 bool) (net.PacketConn, error) {
	if _, err := n.way(); err != nil {
		return nil, err
	}
	any := netip.IPv4Unspecified()
	if ipv6 {
		any = netip.IPv6Unspecified()
	}
	return n.stack.ListenPacket(netip.AddrPortFrom(any, 0))
}

// Lookup asks the intranet's name servers.
func (n *network) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if _, err := n.way(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	resolver := n.resolver
	n.mu.Unlock()
	return resolver.Lookup(ctx, name)
}

func (n *network) dialName(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	if network == "tcp" {
		return n.DialTCP(ctx, to)
	}
	if _, err := n.way(); err != nil {
		return nil, err
	}
	return n.stack.DialUDP(ctx, to)
}

// explain gives a failure of the stack its cause.
func explain(err error, to fmt.Stringer) error {
	cause, text := typesv1.Cause_CAUSE_TARGET_UNREACHABLE, "%s can not be reached"
	switch {
	case errors.Is(err, stack.ErrRefused), errors.Is(err, stack.ErrReset):
		cause, text = typesv1.Cause_CAUSE_TARGET_REFUSED, "%s refuses the connection"
	case errors.Is(err, stack.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		cause, text = typesv1.Cause_CAUSE_TARGET_TIMEOUT, "%s does not answer"
	}
	return &failure.Error{Failure: failure.Of(cause, text, to), Under: err}
}

// tracked is a connection that abort knows.
type tracked struct {
	stack.Conn
	network *network
	once    sync.Once
}

// Close closes it and forgets it.
func (t *tracked) Close() error {
	t.once.Do(func() {
		t.network.mu.Lock()
		delete(t.network.conns, t)
		t.network.mu.Unlock()
	})
	return t.Conn.Close()
}
