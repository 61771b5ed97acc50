package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
)

// byTable puts the intranet into a table of its own that is asked before all others, except for the engine's own packets.
// So no route of anybody else wins over it by being longer, and the other tables stay as they are. Beneath each prefix lies
// a route that refuses: when the link dies, the intranet's packets do not find another way out. What should go on as
// before is thrown back to the tables after ours.
func (w *work) byTable() {
	for _, p := range w.besideFull() {
		w.addRoute(system.Route{Table: w.n.Table, Destination: p, Kind: system.RouteThrow, Metric: metricLink})
	}
	for _, a := range w.exceptions() {
		single := netip.PrefixFrom(a, a.BitLen())
		w.addRoute(system.Route{Table: w.n.Table, Destination: single, Kind: system.RouteThrow, Metric: metricLink})
	}
	for _, p := range w.prefixes {
		if w.thrown(p) {
			continue
		}
		w.addRoute(system.Route{Table: w.n.Table, Destination: p, Kind: system.RouteUnreachable, Metric: metricHold})
		if source := w.source(p.Addr().Is6()); source.IsValid() {
			w.addRoute(system.Route{
				Table: w.n.Table, Destination: p, Kind: system.RouteVia, Link: w.n.Link, Source: source, Metric: metricLink,
			})
		}
	}
	for _, six := range []bool{false, true} {
		if slices.ContainsFunc(w.prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() == six }) {
			w.add(system.Change{Kind: system.ChangeRule, Rule: &system.Rule{
				Priority: w.n.Priority, IPv6: six, Mark: w.n.Mark, Not: true, Table: w.n.Table,
			}})
		}
	}
}

// thrown is true if the prefix is a single address that is an exception.
func (w *work) thrown(p netip.Prefix) bool {
	return p.IsSingleIP() && slices.Contains(w.exceptions(), p.Addr())
}
