package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/isolate"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/resolver"
)

// network is the intranet as the proxies reach it. It exists for a whole session; while the tunnel is not up, every dial
// fails at once.
type network struct {
	stack    *netstack.Stack
	resolver *resolver.Resolver
	servers  []netip.Addr // name servers

	mu    sync.Mutex
	up    context.Context // nil while the tunnel is not up; cancelled when it goes down
	down  context.CancelCauseFunc
	why   error // returned by dials while the tunnel is not up
	conns map[*tracked]struct{}
}

var _ isolate.Network = (*network)(nil)

func newNetwork(s *netstack.Stack) *network {
	return &network{stack: s, conns: map[*tracked]struct{}{}, why: notConnected(nil)}
}

func notConnected(cause *failure.Failure) error {
	if cause != nil && cause.Text != "" {
		return failure.New(failure.NotConnected, msg.NotConnectedBecause(cause.Text))
	}
	return failure.New(failure.NotConnected, msg.NotConnected())
}

func (n *network) setNameServers(servers []netip.Addr, ipv6 bool) {
	names := resolver.New(servers, ipv6, n.dialName)
	n.mu.Lock()
	n.resolver, n.servers = names, servers
	n.mu.Unlock()
}

// set allows or stops new connections. While the tunnel is not up they fail with the cause.
func (n *network) set(up bool, cause *failure.Failure) {
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

// abort resets every connection, because their access point is gone. Readers get an error and not EOF, so that a truncated
// download is noticed.
func (n *network) abort() {
	n.mu.Lock()
	conns := n.conns
	n.conns = map[*tracked]struct{}{}
	n.mu.Unlock()
	for conn := range conns {
		conn.Conn.Abort()
	}
}

// probe checks every connection: an access point that has lost its state answers with a reset.
func (n *network) probe() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns {
		conn.Probe()
	}
}

func (n *network) upContext() (context.Context, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.up == nil {
		return nil, n.why
	}
	return n.up, nil
}

// DialTCP connects through the tunnel. An attempt is cancelled when the tunnel goes down.
func (n *network) DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	up, err := n.upContext()
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

// ListenPacket opens a UDP socket in the intranet.
func (n *network) ListenPacket(ipv6 bool) (net.PacketConn, error) {
	if _, err := n.upContext(); err != nil {
		return nil, err
	}
	any := netip.IPv4Unspecified()
	if ipv6 {
		any = netip.IPv6Unspecified()
	}
	return n.stack.ListenPacket(netip.AddrPortFrom(any, 0))
}

// Lookup queries the intranet's name servers.
func (n *network) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if _, err := n.upContext(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	names := n.resolver
	n.mu.Unlock()
	return names.Lookup(ctx, name)
}

func (n *network) dialName(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	if network == "tcp" {
		return n.DialTCP(ctx, to)
	}
	if _, err := n.upContext(); err != nil {
		return nil, err
	}
	return n.stack.DialUDP(ctx, to)
}

// Dial implements isolate.Network.
func (n *network) Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	return n.dialName(ctx, network, to)
}

// NameServers returns the intranet's name servers.
func (n *network) NameServers() []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.servers
}

// Ping sends an ICMP echo request to a host in the intranet.
func (n *network) Ping(ctx context.Context, to netip.Addr) (time.Duration, error) {
	return n.ping(ctx, to)
}

// explain maps an error of the stack to its cause.
func explain(err error, to fmt.Stringer) error {
	host := to.String()
	switch {
	case errors.Is(err, netstack.ErrRefused), errors.Is(err, netstack.ErrReset):
		return failure.Over(err, failure.TargetRefused, msg.HostRefuses(host))
	case errors.Is(err, netstack.ErrProhibited):
		return failure.Over(err, failure.TargetDenied, msg.HostNotAllowed(host))
	case errors.Is(err, netstack.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return failure.Over(err, failure.TargetTimeout, msg.HostSilent(host))
	}
	return failure.Over(err, failure.TargetUnreachable, msg.HostUnreachable(host))
}

// tracked is a connection that abort can reset.
type tracked struct {
	netstack.Conn
	network *network
	once    sync.Once
}

// Close closes the connection and stops tracking it.
func (t *tracked) Close() error {
	t.once.Do(func() {
		t.network.mu.Lock()
		delete(t.network.conns, t)
		t.network.mu.Unlock()
	})
	return t.Conn.Close()
}
