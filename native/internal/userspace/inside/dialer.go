package inside

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

const (
	// dialLimit bounds one attempt to connect, inside or outside.
	dialLimit = 10 * time.Second
	// stagger is how long one address of a name is waited for before the next one is tried beside it.
	stagger = 250 * time.Millisecond
)

// Network is the far side of the tunnel. Its failures are of package failure.
type Network interface {
	DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// ListenPacket makes a UDP socket for IPv4 or IPv6 destinations.
	ListenPacket(ipv6 bool) (net.PacketConn, error)
	// Lookup asks the intranet's name servers.
	Lookup(ctx context.Context, name string) ([]netip.Addr, error)
}

// Current is what holds now. Rule is nil while it is not known what is inside; then nothing may go anywhere. Network
// fails if the tunnel is not up.
type Current struct {
	Rule    *Rule
	Network Network
}

// Dialer reaches destinations where they belong.
type Dialer struct {
	// Now tells what holds now.
	Now func() Current
	// LookupOutside asks the host's own resolver.
	LookupOutside func(ctx context.Context, name string) ([]netip.Addr, error)
	// DialOutside connects by the host's own sockets.
	DialOutside func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// NewDialer goes outside by the host's own means.
func NewDialer(now func() Current) *Dialer {
	var host net.Dialer
	return &Dialer{
		Now: now,
		LookupOutside: func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		},
		DialOutside: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return host.DialContext(ctx, "tcp", to.String())
		},
	}
}

// Place is where a destination is, with the addresses it has there.
type Place struct {
	Inside    bool
	Addresses []netip.Addr
	// Network is the way there, if it is inside.
	Network Network
}

// Find decides where a host is. A name that is inside is never asked outside.
func (d *Dialer) Find(ctx context.Context, host string) (Place, error) {
	h, err := ParseHost(host)
	if err != nil {
		return Place{}, err
	}
	now := d.Now()
	if now.Rule == nil {
		return Place{}, failure.New(typesv1.Cause_CAUSE_NOT_CONNECTED, "the intranet is not connected")
	}
	if h.Name != "" && now.Rule.Name(h.Name) {
		addresses, err := now.Network.Lookup(ctx, h.Name)
		return Place{Inside: true, Addresses: addresses, Network: now.Network}, err
	}
	addresses := []netip.Addr{h.Address}
	if h.Name != "" {
		if now.Rule.RefuseOutside && !now.Rule.Everything && len(now.Rule.Routes) == 0 {
			return Place{}, refused(host)
		}
		if addresses, err = d.lookupOutside(ctx, h.Name); err != nil {
			return Place{}, err
		}
	}
	if within := filter(addresses, now.Rule.Address); len(within) > 0 {
		return Place{Inside: true, Addresses: within, Network: now.Network}, nil
	}
	if now.Rule.RefuseOutside {
		return Place{}, refused(host)
	}
	return Place{Addresses: addresses}, nil
}

func refused(host string) error {
	return failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "%s is outside of the intranet, and outside is refused", clip(host))
}

func filter(all []netip.Addr, keep func(netip.Addr) bool) []netip.Addr {
	var kept []netip.Addr
	for _, a := range all {
		if keep(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

func (d *Dialer) lookupOutside(ctx context.Context, name string) ([]netip.Addr, error) {
	if name == "localhost" || len(name) > 10 && name[len(name)-10:] == ".localhost" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	addresses, err := d.LookupOutside(ctx, name)
	if err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return nil, failure.New(typesv1.Cause_CAUSE_NAME_NOT_FOUND, "there is no host %s", name)
		}
		return nil, failure.New(typesv1.Cause_CAUSE_DNS_UNAVAILABLE, "the resolver of this machine does not answer for %s", name)
	}
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	return addresses, nil
}

// Dial connects to a host's TCP port, where it belongs.
func (d *Dialer) Dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	place, err := d.Find(ctx, host)
	if err != nil {
		return nil, explain(err, host)
	}
	one := d.DialOutside
	if place.Inside {
		one = place.Network.DialTCP
	}
	conn, err := race(ctx, place.Addresses, func(ctx context.Context, a netip.Addr) (net.Conn, error) {
		return one(ctx, netip.AddrPortFrom(a, port))
	})
	return conn, explain(err, host)
}

// explain gives an error of the host's sockets its cause.
func explain(err error, host string) error {
	var own *failure.Error
	var timeout net.Error
	switch host = clip(host); {
	case err == nil || errors.As(err, &own):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return &failure.Error{Failure: failure.Of(typesv1.Cause_CAUSE_TARGET_REFUSED, "%s refuses the connection", host), Under: err}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT),
		errors.As(err, &timeout) && timeout.Timeout():
		return &failure.Error{Failure: failure.Of(typesv1.Cause_CAUSE_TARGET_TIMEOUT, "%s does not answer", host), Under: err}
	default:
		return &failure.Error{Failure: failure.Of(typesv1.Cause_CAUSE_TARGET_UNREACHABLE, "%s can not be reached", host), Under: err}
	}
}
