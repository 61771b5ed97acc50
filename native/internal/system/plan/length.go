package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
)

// byLength is for systems with one table: a prefix of the intranet wins over a route of somebody else by being longer, so
// each such route is covered by its two halves. Exceptions win over both by being single addresses.
func (w *work) byLength() {
	var exceptions []system.Route
	for _, a := range w.exceptions() {
		if r, found := w.wayTo(a); found {
			exceptions = append(exceptions, r)
		}
	}
	for _, r := range exceptions {
		w.addRoute(r)
	}
	var inside []netip.Prefix
	for _, p := range w.prefixes {
		if p.Bits() == 0 {
			// Two halves leave the default route where it is, for the day we are gone.
			inside = append(inside, halves(p)...)
			continue
		}
		inside = append(inside, p)
	}
	beside := w.besideFull()
	for _, r := range w.at.Routes {
		if r.Ours || r.Link == w.n.Link || r.Destination.Bits() == 0 || !w.swallowed(r.Destination, inside) ||
			slices.Contains(beside, r.Destination) || slices.ContainsFunc(exceptions, func(e system.Route) bool { return e.Destination == r.Destination }) {
			continue
		}
		if r.Destination.IsSingleIP() {
			w.plan.Unbeaten = append(w.plan.Unbeaten, r)
			continue
		}
		inside = append(inside, halves(r.Destination)...)
	}
	slices.SortFunc(inside, netip.Prefix.Compare)
	for _, p := range slices.Compact(inside) {
		if slices.ContainsFunc(exceptions, func(e system.Route) bool { return e.Destination == p }) {
			continue
		}
		if source := w.source(p.Addr().Is6()); source.IsValid() {
			w.addRoute(system.Route{Destination: p, Kind: system.RouteVia, Link: w.n.Link, Source: source, Metric: metricLink})
		}
	}
}

// swallowed is true if a found route, as long as one of ours or longer, would take packets that are ours.
func (w *work) swallowed(found netip.Prefix, inside []netip.Prefix) bool {
	return slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Bits() <= found.Bits() && p.Contains(found.Addr()) })
}

// wayTo is the route by which the machine reaches an address without us, narrowed down to that address.
func (w *work) wayTo(a netip.Addr) (system.Route, bool) {
	best, found := system.Route{}, false
	for _, r := range w.at.Routes {
		if r.Ours || r.Link == w.n.Link || !r.Destination.Contains(a) {
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
	return best, found && best.Kind == system.RouteVia
}

// halves are the two prefixes that together are this one.
func halves(p netip.Prefix) []netip.Prefix {
	upper := p.Addr().AsSlice()
	upper[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	high, _ := netip.AddrFromSlice(upper)
	return []netip.Prefix{netip.PrefixFrom(p.Addr(), p.Bits()+1), netip.PrefixFrom(high, p.Bits()+1)}
}
