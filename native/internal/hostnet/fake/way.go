package fake

import (
	"net/netip"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/route"
)

// Way returns the route of a packet: with steering, and unless it is the tunnel's own traffic, the tunnel's routes are searched
// first. The longest prefix wins, then the lowest metric. A bypass route continues with the host's routes; an unreachable route
// ends the search.
// not.
func Way(s hostnet.Snapshot, to netip.Addr, tunnelTraffic bool) (route.Route, bool) {
	for _, steering := range s.Steering {
		if steering.IPv6 != to.Is6() || tunnelTraffic {
			continue
		}
		if r, found := best(s.Routes, route.Tunnel, to); found && r.Kind != route.Bypass {
			return r, true
		}
	}
	return best(s.Routes, route.Host, to)
}

func best(routes []route.Route, scope route.Scope, to netip.Addr) (route.Route, bool) {
	at := -1
	for i, r := range routes {
		if r.Scope != scope || !r.Destination.Contains(to) {
			continue
		}
		longer := at < 0 || r.Destination.Bits() > routes[at].Destination.Bits()
		if longer || r.Destination.Bits() == routes[at].Destination.Bits() && r.Metric < routes[at].Metric {
			at = i
		}
	}
	if at < 0 {
		return route.Route{}, false
	}
	return routes[at], true
}
