package fake

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
)

// Way is where a packet with this mark would go on such a machine: rules by priority, within a table the longest prefix,
// then the lowest metric. A `throw` leaves the table, an `unreachable` is an answer.
func Way(s system.Snapshot, to netip.Addr, mark uint32) (system.Route, bool) {
	if !s.Abilities.PolicyRouting {
		return best(s.Routes, 0, to)
	}
	rules := slices.Clone(s.Rules)
	slices.SortStableFunc(rules, func(a, b system.Rule) int { return int(a.Priority) - int(b.Priority) })
	for _, rule := range rules {
		if rule.IPv6 != to.Is6() || !matches(rule, mark) {
			continue
		}
		r, found := best(s.Routes, rule.Table, to)
		if !found || r.Kind == system.RouteThrow || rule.SuppressDefault && r.Destination.Bits() == 0 {
			continue
		}
		return r, true
	}
	return system.Route{}, false
}

func matches(rule system.Rule, mark uint32) bool {
	if rule.Mark == 0 {
		return true
	}
	return (rule.Mark == mark) != rule.Not
}

func best(routes []system.Route, table uint32, to netip.Addr) (system.Route, bool) {
	at := -1
	for i, r := range routes {
		if r.Table != table || !r.Destination.Contains(to) {
			continue
		}
		longer := at < 0 || r.Destination.Bits() > routes[at].Destination.Bits()
		if longer || r.Destination.Bits() == routes[at].Destination.Bits() && r.Metric < routes[at].Metric {
			at = i
		}
	}
	if at < 0 {
		return system.Route{}, false
	}
	return routes[at], true
}
