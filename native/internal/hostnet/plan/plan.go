// Package plan computes the changes to a host after which exactly an intranet's prefixes are tunneled. It is pure: an intranet
// and a snapshot go in, changes come out.
package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/route"
)

// Intranet is the part of a session that the host's configuration depends on. It has passed profile.Check.
type Intranet struct {
	// Addresses are the client's inner addresses, each with full prefix length.
	Addresses []netip.Prefix
	// Routes are the tunneled prefixes.
	Routes []netip.Prefix
	// Full means that everything is tunneled.
	Full bool
	// Servers are the intranet's name servers. They are reached through the tunnel even if no route contains them.
	Servers []netip.Addr
	// MTU of the tunnel, bytes.
	MTU int
	// CloudAddrs are the cloud instance's addresses. All programs reach them outside the tunnel.
	CloudAddrs []netip.Addr
	// CloudPort is the cloud instance's TCP port.
	CloudPort uint16
	// Endpoints are the access points' endpoints, which the engine reaches outside the tunnel.
	Endpoints []permit.Endpoint
	// Domains are queried through the tunnel. If there are none but there are Servers, all names are.
	Domains []string
	// Search are the search domains, which are queried through the tunnel, too.
	Search []string
	// BypassNames are queried outside the tunnel: the names of the cloud instance and the access points.
	BypassNames []string
}

// Overlap is a network of the host that overlaps with a prefix of the intranet.
type Overlap struct {
	Link   string
	Prefix netip.Prefix
	// Kept are the addresses in it that stay reachable: gateway, DHCP server, resolver. All others are tunneled.
	Kept []netip.Addr
}

// Plan is the desired configuration of a host.
type Plan struct {
	// Changes are in the order in which they are made: the kill switch first, those that redirect traffic last.
	Changes  []hostnet.Change
	Overlaps []Overlap
	// Unbeaten are other programs' routes for intranet addresses that no route of the tunnel can take precedence over.
	Unbeaten []route.Route
}

// metrics of the tunnel's routes. The route into the tunnel has precedence over the unreachable route while the link exists.
const (
	metricLink    = 100
	metricRefusal = 4_000_000_000
)

// Make returns the plan for one intranet on one host.
func Make(in Intranet, chosen Choice, at hostnet.Snapshot) Plan {
	w := &work{in: in, n: chosen, at: at, prefixes: Prefixes(in, at)}
	w.killSwitch()
	w.add(hostnet.Change{Kind: hostnet.ChangeLink, Link: &route.Link{Name: chosen.Link, MTU: in.MTU}})
	for _, a := range in.Addresses {
		if w.usable(a.Addr()) {
			w.add(hostnet.Change{Kind: hostnet.ChangeAddress, Address: &route.Address{Link: chosen.Link, Prefix: a}})
		}
	}
	w.overlaps()
	if at.Capabilities.Has(route.Scopes) {
		w.byScope()
	} else {
		w.byLength()
	}
	w.names()
	return w.plan
}

// Prefixes returns the prefixes that are tunneled on this host. None contains another, except default routes.
func Prefixes(in Intranet, at hostnet.Snapshot) []netip.Prefix {
	all := slices.Clone(in.Routes)
	if in.Full {
		all = append(all, netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	}
	for _, server := range in.Servers {
		all = append(all, netip.PrefixFrom(server, server.BitLen()))
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		if a.Bits() != b.Bits() {
			return a.Bits() - b.Bits()
		}
		return a.Addr().Compare(b.Addr())
	})
	var kept []netip.Prefix
	for _, p := range all {
		// A default route does not apply to local networks, so prefixes within it keep their own route.
		inside := slices.ContainsFunc(kept, func(k netip.Prefix) bool {
			return (k.Bits() > 0 || p.Bits() == 0) && k.Bits() <= p.Bits() && k.Contains(p.Addr())
		})
		if !inside && (p.Addr().Is4() || at.Capabilities.Has(route.IPv6)) {
			kept = append(kept, p)
		}
	}
	return kept
}

type work struct {
	in       Intranet
	n        Choice
	at       hostnet.Snapshot
	prefixes []netip.Prefix
	plan     Plan
}

func (w *work) add(c hostnet.Change) { w.plan.Changes = append(w.plan.Changes, c) }

func (w *work) addRoute(r route.Route) {
	w.add(hostnet.Change{Kind: hostnet.ChangeRoute, Route: &r})
}

func (w *work) usable(a netip.Addr) bool { return a.Is4() || w.at.Capabilities.Has(route.IPv6) }

// tunneled is true if the address is in a tunneled prefix. It ignores exceptions.
func (w *work) tunneled(a netip.Addr) bool {
	return slices.ContainsFunc(w.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// source returns the client's inner address of a family; invalid if there is none.
func (w *work) source(six bool) netip.Addr {
	for _, a := range w.in.Addresses {
		if a.Addr().Is6() == six && w.usable(a.Addr()) {
			return a.Addr()
		}
	}
	return netip.Addr{}
}

// needed is true for addresses that must not become exceptions: the intranet's name servers, and the client's own.
func (w *work) needed(a netip.Addr) bool {
	return slices.Contains(w.in.Servers, a) ||
		slices.ContainsFunc(w.in.Addresses, func(p netip.Prefix) bool { return p.Addr() == a })
}
