// Package dialer connects through the tunnel or directly, as package router decides.
package dialer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/resolver/host"
	"sag.software/native/internal/router"
)

const (
	// dialLimit bounds one connection attempt, including the lookup.
	dialLimit = 10 * time.Second
	// stagger is how long one address of a name is tried before the next one is tried in parallel (RFC 8305, section 5).
	stagger = 250 * time.Millisecond
)

// Network is the intranet side of the tunnel. Its errors are of package failure.
type Network interface {
	DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// ListenPacket opens a UDP socket for IPv4 or IPv6 destinations.
	ListenPacket(ipv6 bool) (net.PacketConn, error)
	// Lookup queries the intranet's name servers.
	Lookup(ctx context.Context, name string) ([]netip.Addr, error)
}

// Intranet is the intranet in use. Policy is nil until the session is known; nothing can be reached then. Network fails
// while the tunnel is down.
type Intranet struct {
	Policy  *router.Policy
	Network Network
}

// Host resolves and connects with the host's own resolver and sockets, without the tunnel.
type Host struct {
	// Lookup resolves one complete name with the host's resolver, without its search list.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	// Static returns the hosts file's addresses for a name, as written. It takes precedence over all name servers.
	Static func(name string) []netip.Addr
	// Search returns the host's current search list.
	Search func() router.Search
	// Dial connects with the host's own sockets.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// Dialer connects to destinations.
type Dialer struct {
	// Now returns the current intranet.
	Now  func() Intranet
	Host Host
}

// NewDialer returns a dialer that makes direct connections with the host's own sockets; search returns the host's search
// list.
func NewDialer(now func() Intranet, search func() router.Search) *Dialer {
	var sockets net.Dialer
	return &Dialer{Now: now, Host: Host{
		Lookup: func(ctx context.Context, name string) ([]netip.Addr, error) {
			// A trailing dot keeps the resolver from applying its search list.
			return host.Lookup(ctx, name+".")
		},
		Static: host.Static(),
		Search: search,
		Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return sockets.DialContext(ctx, "tcp", to.String())
		},
	}}
}

// Destination is a host that has been resolved.
type Destination struct {
	// Addresses are in the order in which they are tried; at least one.
	Addresses []Address
	// Network reaches the tunneled addresses.
	Network Network
}

// Address is one address of a destination.
type Address struct {
	IP       netip.Addr
	Tunneled bool
}

// Find resolves a host and decides for each address whether it is tunneled. A name that may belong to the intranet is never
// sent to other name servers.
func (d *Dialer) Find(ctx context.Context, host string) (Destination, error) {
	h, err := router.ParseHost(host)
	if err != nil {
		return Destination{}, err
	}
	now := d.Now()
	if now.Policy == nil {
		return Destination{}, failure.New(failure.NotConnected, msg.NotConnected())
	}
	addresses := []netip.Addr{h.Address}
	if h.Name != "" {
		if addresses, err = d.lookup(ctx, h, now); err != nil {
			return Destination{}, err
		}
	}
	found := Destination{Network: now.Network}
	for _, a := range addresses {
		if outcome := now.Policy.Address(a); outcome != router.Refused {
			found.Addresses = append(found.Addresses, Address{IP: a.Unmap(), Tunneled: outcome == router.Tunneled})
		}
	}
	if len(found.Addresses) == 0 {
		return Destination{}, refused(host)
	}
	return found, nil
}

// lookup resolves the candidates of a name in order and returns the addresses of the first that exists.
func (d *Dialer) lookup(ctx context.Context, h router.Host, now Intranet) ([]netip.Addr, error) {
	if router.Localhost(h.Name) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	if known := d.Host.Static(h.Name); len(known) > 0 {
		return known, nil
	}
	var first error
	for _, c := range now.Policy.Candidates(h, d.Host.Search()) {
		ask := d.lookupDirect
		switch {
		case c.Tunneled:
			ask = now.Network.Lookup
		case now.Policy.RefuseDirect && !now.Policy.Reaches():
			return nil, refused(h.Name)
		}
		addresses, err := ask(ctx, c.Name)
		if err == nil {
			return addresses, nil
		}
		if failure.CauseOf(err) != failure.NameNotFound {
			// The name may exist, so falling back to the next candidate could return a wrong host.
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func refused(host string) error {
	return failure.New(failure.NotPermitted, msg.HostOutsideRefused(clip(host)))
}

func (d *Dialer) lookupDirect(ctx context.Context, name string) ([]netip.Addr, error) {
	addresses, err := d.Host.Lookup(ctx, name)
	if err != nil {
		if host.IsNotFound(err) {
			return nil, failure.New(failure.NameNotFound, msg.HostNotFound(name))
		}
		return nil, failure.New(failure.DNSUnavailable, msg.DNSLocalSilent(name))
	}
	return addresses, nil
}

// Dial connects to a host's TCP port, through the tunnel or directly.
func (d *Dialer) Dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	found, err := d.Find(ctx, host)
	if err != nil {
		return nil, explain(err, host)
	}
	conn, err := race(ctx, found.Addresses, func(ctx context.Context, t Address) (net.Conn, error) {
		if t.Tunneled {
			return found.Network.DialTCP(ctx, netip.AddrPortFrom(t.IP, port))
		}
		return d.Host.Dial(ctx, netip.AddrPortFrom(t.IP, port))
	})
	return conn, explain(err, host)
}

// OutOfFiles reports whether an error is that the process or the host has too many open files.
func OutOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

func clip(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}

// explain maps an error of the host's sockets to its cause.
func explain(err error, host string) error {
	var own *failure.Error
	var timeout net.Error
	switch host = clip(host); {
	case err == nil || errors.As(err, &own):
		return err
	case OutOfFiles(err):
		return failure.Over(err, failure.Unknown, msg.ProxyNoFiles())
	case errors.Is(err, syscall.ECONNREFUSED):
		return failure.Over(err, failure.TargetRefused, msg.HostRefuses(host))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT),
		errors.As(err, &timeout) && timeout.Timeout():
		return failure.Over(err, failure.TargetTimeout, msg.HostSilent(host))
	default:
		return failure.Over(err, failure.TargetUnreachable, msg.HostUnreachable(host))
	}
}
