package tunnel

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
)

// Ping sends one ICMP echo request to a host in the intranet and returns the address that answered and the round trip.
func (t *Tunnel) Ping(ctx context.Context, intranetID, host string) (netip.Addr, time.Duration, error) {
	if err := t.checkIntranet(intranetID); err != nil {
		return netip.Addr{}, 0, err
	}
	place, err := t.dialer().Find(ctx, host)
	if err != nil {
		return netip.Addr{}, 0, err
	}
	intranet, ok := place.Network.(*network)
	target := slices.IndexFunc(place.Addresses, func(t dialer.Address) bool { return t.Tunneled })
	if target < 0 || !ok {
		return netip.Addr{}, 0, failure.New(failure.TargetUnreachable, msg.HostNotInside(host))
	}
	to := place.Addresses[target].IP
	trip, err := intranet.ping(ctx, to)
	return to, trip, err
}

// dialer returns a dialer that uses the current policy and network.
func (t *Tunnel) dialer() *dialer.Dialer {
	return dialer.NewDialer(func() dialer.Intranet { return *t.current.Load() }, dns.Search)
}

func (n *network) ping(ctx context.Context, to netip.Addr) (time.Duration, error) {
	up, err := n.upContext()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(up, func() { cancel(context.Cause(up)) })()
	trip, err := n.stack.Ping(ctx, to)
	if err != nil {
		if up.Err() != nil {
			return 0, context.Cause(up)
		}
		return 0, explain(err, to)
	}
	return trip, nil
}
