// Package plan decides what a host has to be like so that an intranet's prefixes, and nothing else, go into the tunnel.
// Pure: an intranet and a snapshot in, changes out. It never looks at anything and never does anything.
package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/route"
)

// Intranet is what matters of a session for the host. It has passed profile.Check.
type Intranet struct {
	// Addresses are the client's inner ones, each a single address.
	Addresses []netip.Prefix
	// Routes are the tunneled prefixes.
	Routes []netip.Prefix
	// Full means that everything is tunneled.
	Full bool
	// Servers are the intranet's name servers; they are reached through the tunnel, in the routes or not.
	Servers []netip.Addr
	// MTU of the tunnel, bytes.
	MTU int
	// CloudAddrs are the cloud instance's addresses: all programs reach them past the tunnel.
	CloudAddrs []netip.Addr
	// CloudPort is where it is reached there, by TCP.
	CloudPort uint16
	// Endpoints are the access points', which the engine reaches past the tunnel.
	Endpoints []permit.Endpoint
	// Domains are asked for through the tunnel. None, while there are Servers: all names.
	Domains []string
	// Search are the domains that short names are completed with, asked for through the tunnel as well.
	Search []string
	// BypassNames are asked for outside the tunnel all the same: the cloud instance's, the access points'.
	BypassNames []string
}

// Overlap is a network of the host's own that an intranet's prefix overlaps.
type Overlap struct {
	Link   string
	Prefix netip.Prefix
	// Kept are the addresses in it that still go there: gateway, DHCP, resolver. All others of it go to the intranet.
	Kept []netip.Addr
}

// Plan is what a host has to be like.
type Plan struct {
	// Changes are in the order in which they are made: the kill switch first, those that turn traffic last.
	Changes  []hostnet.Change
	Overlaps []Overlap
	// Unbeaten are routes of others that go to intranet addresses and can not be outdone.
	Unbeaten []route.Route
}

// metrics of the tunnel's routes: the one into the tunnel wins over the one that refuses while there is a link.
const (
	metricLink    = 100
	metricRefusal = 4_000_000_000
)

// Make plans for one intranet on one host.
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

// Prefixes are all prefixes that go into the tunnel on this host, none inside another but the default route.
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
		// Under a default route some networks are spared, so what is named inside it keeps a route of its own.
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

// tunneled is true if the address goes into the tunnel, exceptions aside.
func (w *work) tunneled(a netip.Addr) bool {
	return slices.ContainsFunc(w.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// source is the client's inner address of a family; invalid if there is none.
func (w *work) source(six bool) netip.Addr {
	for _, a := range w.in.Addresses {
		if a.Addr().Is6() == six && w.usable(a.Addr()) {
			return a.Addr()
		}
	}
	return netip.Addr{}
}

// needed is true for addresses of the intranet that no exception may take out: its name servers, and the client itself.
func (w *work) needed(a netip.Addr) bool {
	return slices.Contains(w.in.Servers, a) ||
		slices.ContainsFunc(w.in.Addresses, func(p netip.Prefix) bool { return p.Addr() == a })
}
