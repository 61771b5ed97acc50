package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/route"
)

// byScope puts the tunnel's routes into a routing table that all packets use first, except the tunnel's own traffic. So no longer
// route of another program takes precedence, and the host's routes do not change. Each tunneled prefix also has an unreachable
// route with a higher metric, so that its packets are not routed elsewhere when the link is gone. Bypassed traffic is not
// affected.
func (w *work) byScope() {
	for _, p := range w.localNets() {
		w.addRoute(route.Route{Scope: route.Tunnel, Destination: p, Kind: route.Bypass, Metric: metricLink})
	}
	for _, a := range w.exceptions() {
		single := netip.PrefixFrom(a, a.BitLen())
		w.addRoute(route.Route{Scope: route.Tunnel, Destination: single, Kind: route.Bypass, Metric: metricLink})
	}
	for _, p := range w.prefixes {
		if w.bypasses(p) {
			continue
		}
		w.addRoute(route.Route{Scope: route.Tunnel, Destination: p, Kind: route.Unreachable, Metric: metricRefusal})
		if source := w.source(p.Addr().Is6()); source.IsValid() {
			w.addRoute(route.Route{
				Scope: route.Tunnel, Destination: p, Kind: route.Via, Link: w.n.Link, Source: source, Metric: metricLink,
			})
		}
	}
	for _, six := range []bool{false, true} {
		if slices.ContainsFunc(w.prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() == six }) {
			w.add(hostnet.Change{Kind: hostnet.ChangeSteering, Steering: &route.Steering{IPv6: six}})
		}
	}
}

// bypasses is true if the prefix is a single address that is an exception.
func (w *work) bypasses(p netip.Prefix) bool {
	return p.IsSingleIP() && slices.Contains(w.exceptions(), p.Addr())
}
