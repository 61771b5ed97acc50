// Package forward forwards clients' traffic through sockets of the host: the access point's user-space mode.
package forward

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/sampled"
)

// Clients finds the client of an inner address.
type Clients interface {
	// Client returns nil if no client has the address.
	Client(inner netip.Addr) *Client
	// IsInner is true for addresses of clients and of access points.
	IsInner(netip.Addr) bool
}

// Config configures a Forwarder.
type Config struct {
	Policy  policy.Policy
	Clients Clients
	// Host returns the host's addresses and services. It is called for every new flow.
	Host   func() policy.Host
	Logger *slog.Logger
	// Dial opens the host's sockets; nil = net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// DialTimeout is the timeout for connecting to a destination; 0 = 10 s.
	DialTimeout time.Duration
	// UDPIdle and DNSIdle are the idle timeouts of UDP flows; 0 = packet.UDPIdle and 10 s.
	UDPIdle, DNSIdle time.Duration
}

// Forwarder applies the policy to flows and forwards them.
type Forwarder struct {
	Config
	pinger *pinger
	// atLimit logs clients that are at a limit.
	atLimit sampled.Log
}

// New makes a forwarder. Close closes only the ICMP sockets; flows end with their clients.
func New(config Config) *Forwarder {
	if config.Dial == nil {
		config.Dial = new(net.Dialer).DialContext
	}
	if config.DialTimeout == 0 {
		config.DialTimeout = 10 * time.Second
	}
	if config.UDPIdle == 0 {
		config.UDPIdle = packet.UDPIdle
	}
	if config.DNSIdle == 0 {
		config.DNSIdle = 10 * time.Second
	}
	return &Forwarder{Config: config, pinger: newPinger(config.Logger), atLimit: sampled.Log{Logger: config.Logger}}
}

// Close closes the ICMP sockets.
func (f *Forwarder) Close() { f.pinger.close() }

// Handlers returns the handlers for the network stack.
func (f *Forwarder) Handlers() *netstack.Forward {
	return &netstack.Forward{TCP: f.tcp, UDP: f.udp, Echo: f.echo}
}

// decide returns a nil client if the session has just ended.
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

// target returns the network and address to open a socket to.
func target(decision policy.Decision, to netip.AddrPort) (network, address string) {
	if decision.Verdict == policy.Published {
		if decision.Target.Unix != "" {
			return "unix", decision.Target.Unix
		}
		to = decision.Target.Address
	}
	return "", netip.AddrPortFrom(to.Addr().Unmap(), to.Port()).String()
}

// reachesHost is true if the kernel connected to the host itself: it then uses the destination as the source address. The
// policy's list of the host's addresses can be out of date; the source address of the socket is not.
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
