package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet/route"
)

// byLength is for systems with one routing table. A prefix of the intranet takes precedence over another route only if it is
// longer, so each such route is covered by its two halves. Exceptions are single addresses, which take precedence over both.
func (w *work) byLength() {
	var exceptions []route.Route
	for _, a := range w.exceptions() {
		if r, found := w.routeTo(a); found {
			exceptions = append(exceptions, r)
		}
	}
	for _, r := range exceptions {
		w.addRoute(r)
	}
	var tunneled []netip.Prefix
	for _, p := range w.prefixes {
		if p.Bits() == 0 {
			// The two halves leave the default route unchanged, so that it is in force again when the tunnel is gone.
			tunneled = append(tunneled, halves(p)...)
			continue
		}
		tunneled = append(tunneled, p)
	}
	local := w.localNets()
	for _, r := range w.at.Routes {
		if r.Owned || r.Link == w.n.Link || r.Destination.Bits() == 0 || !w.shadows(r.Destination, tunneled) ||
			slices.Contains(local, r.Destination) || slices.ContainsFunc(exceptions, func(e route.Route) bool { return e.Destination == r.Destination }) {
			continue
		}
		if r.Destination.IsSingleIP() {
			w.plan.Unbeaten = append(w.plan.Unbeaten, r)
			continue
		}
		tunneled = append(tunneled, halves(r.Destination)...)
	}
	slices.SortFunc(tunneled, netip.Prefix.Compare)
	for _, p := range slices.Compact(tunneled) {
		if slices.ContainsFunc(exceptions, func(e route.Route) bool { return e.Destination == p }) {
			continue
		}
		if source := w.source(p.Addr().Is6()); source.IsValid() {
			w.addRoute(route.Route{Destination: p, Kind: route.Via, Link: w.n.Link, Source: source, Metric: metricLink})
		}
	}
}

// shadows is true if another route, as long as one of the tunnel's or longer, would take packets for the intranet.
func (w *work) shadows(found netip.Prefix, tunneled []netip.Prefix) bool {
	return slices.ContainsFunc(tunneled, func(p netip.Prefix) bool { return p.Bits() <= found.Bits() && p.Contains(found.Addr()) })
}

// routeTo returns the route by which the host reaches an address without the tunnel, narrowed to that address.
func (w *work) routeTo(a netip.Addr) (route.Route, bool) {
	best, found := route.Route{}, false
	for _, r := range w.at.Routes {
		if r.Owned || r.Link == w.n.Link || !r.Destination.Contains(a) {
			continue
		}
		longer := r.Destination.Bits() > best.Destination.Bits()
		cheaper := r.Destination.Bits() == best.Destination.Bits() && r.Metric < best.Metric
		if !found || longer || cheaper {
			best, found = r, true
		}
	}
	best.Destination = netip.PrefixFrom(a, a.BitLen())
	best.Source = netip.Addr{}
	return best, found && best.Kind == route.Via
}

// halves returns the two halves of a prefix.
func halves(p netip.Prefix) []netip.Prefix {
	upper := p.Addr().AsSlice()
	upper[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	high, _ := netip.AddrFromSlice(upper)
	return []netip.Prefix{netip.PrefixFrom(p.Addr(), p.Bits()+1), netip.PrefixFrom(high, p.Bits()+1)}
}
