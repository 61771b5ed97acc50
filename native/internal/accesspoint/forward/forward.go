// Package forward carries clients' traffic on by the host's own sockets: the access point's user-space mode.
package forward

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/sampled"
)

// Clients knows who is behind an inner address.
type Clients interface {
	// Client is nil for an address that no client has.
	Client(inner netip.Addr) *Client
	// IsInner is true for addresses of clients and of access points.
	IsInner(netip.Addr) bool
}

// Config says how to forward.
type Config struct {
	Policy  policy.Policy
	Clients Clients
	// Host is called for every new flow.
	Host   func() policy.Host
	Logger *slog.Logger
	// Dial opens the host's sockets; nil = net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// DialTimeout is how long a destination may take to answer; 0 = 10 s.
	DialTimeout time.Duration
	// UDPIdle and DNSIdle are how long a silent UDP flow lives; 0 = 60 s and 10 s.
	UDPIdle, DNSIdle time.Duration
}

// Forwarder decides on flows and carries them.
type Forwarder struct {
	Config
	pinger *pinger
	// atLimit says that clients are at a limit.
	atLimit sampled.Log
}

// New makes a forwarder. Close ends what it holds open itself; flows end with their clients.
func New(config Config) *Forwarder {
	if config.Dial == nil {
		config.Dial = new(net.Dialer).DialContext
	}
	if config.DialTimeout == 0 {
		config.DialTimeout = 10 * time.Second
	}
	if config.UDPIdle == 0 {
		config.UDPIdle = time.Minute
	}
	if config.DNSIdle == 0 {
		config.DNSIdle = 10 * time.Second
	}
	return &Forwarder{Config: config, pinger: newPinger(config.Logger), atLimit: sampled.Log{Logger: config.Logger}}
}

// Close ends the forwarder.
func (f *Forwarder) Close() { f.pinger.close() }

// Handlers are what the stack asks.
func (f *Forwarder) Handlers() *netstack.Forward {
	return &netstack.Forward{TCP: f.tcp, UDP: f.udp, Echo: f.echo}
}

// decide returns no client for a packet whose session has just ended.
func (f *Forwarder) decide(protocol policy.Protocol, from netip.Addr, to netip.AddrPort) (*Client, policy.Decision) {
	client := f.Clients.Client(from)
	if client == nil {
		return nil, policy.Decision{Reason: "no session"}
	}
	decision := f.Policy.Decide(policy.Query{
		Protocol:     protocol,
		To:           to,
		Destinations: client.Destinations(),
		IsClient:     f.Clients.IsInner,
		Host:         f.Host(),
	})
	if decision.Reason != "" {
		f.Logger.Debug("not forwarded", "protocol", protocol, "from", from, "to", to, "reason", decision.Reason)
	}
	return client, decision
}

// target is the address a socket is to be opened to.
func target(decision policy.Decision, to netip.AddrPort) (network, address string) {
	if decision.Verdict == policy.Published {
		if decision.Target.Unix != "" {
			return "unix", decision.Target.Unix
		}
		to = decision.Target.Address
	}
	return "", netip.AddrPortFrom(to.Addr().Unmap(), to.Port()).String()
}

// reachesHost is true when the kernel answered for the host itself: a destination of its own gets itself as the source.
// The policy knows the host's addresses as they were a moment ago; this knows the one that was taken.
func (f *Forwarder) reachesHost(decision policy.Decision, conn net.Conn, to netip.Addr) bool {
	if decision.Verdict != policy.Forwarded {
		return false
	}
	for _, allowed := range f.Policy.Allowed {
		if allowed.Contains(to) {
			return false
		}
	}
	return addrOf(conn.LocalAddr()) == addrOf(conn.RemoteAddr())
}

func addrOf(a net.Addr) netip.Addr {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (f *Forwarder) dialContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), f.DialTimeout)
}
