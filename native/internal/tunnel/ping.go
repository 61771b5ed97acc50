package tunnel

import (
	"context"
	"net/netip"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/userspace/inside"
)

// Ping sends one echo request to a host inside and gives the address that answered and the round trip.
func (t *Tunnel) Ping(ctx context.Context, intranetID, host string) (netip.Addr, time.Duration, error) {
	if err := t.known(intranetID); err != nil {
		return netip.Addr{}, 0, err
	}
	place, err := inside.NewDialer(func() inside.Current { return *t.current.Load() }).Find(ctx, host)
	if err != nil {
		return netip.Addr{}, 0, err
	}
	within, ok := place.Network.(*network)
	if !place.Inside || !ok || len(place.Addresses) == 0 {
		return netip.Addr{}, 0, failure.New(typesv1.Cause_CAUSE_TARGET_UNREACHABLE, "%s is not in the intranet", host)
	}
	to := place.Addresses[0]
	trip, err := within.ping(ctx, to)
	return to, trip, err
}

func (n *network) ping(ctx context.Context, to netip.Addr) (time.Duration, error) {
	up, err := n.way()
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
