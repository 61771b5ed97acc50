// Package plan decides what a machine has to be like so that an intranet's prefixes, and nothing else, go into the tunnel.
// Pure: an intranet and a snapshot in, changes out. It never looks at anything and never does anything.
package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
)

// Intranet is what matters of a session for the machine. It has passed profile.Check.
type Intranet struct {
	// Addresses are the client's inner ones, each a single address.
	Addresses []netip.Prefix
	// Routes are the prefixes that are inside.
	Routes []netip.Prefix
	// Full means that everything is inside.
	Full bool
	// Servers answer names inside; they are reached through the tunnel, in the routes or not.
	Servers []netip.Addr
	// MTU of the tunnel, bytes.
	MTU int
	// Outside are addresses that must stay reachable past the tunnel, for all programs: the cloud instance's.
	Outside []netip.Addr
	// CloudPort is where it is reached there, by TCP.
	CloudPort uint16
	// Endpoints are the access points'.
	Endpoints []netip.AddrPort
	// Domains are asked for inside. None, while there are Servers: all names.
	Domains []string
	// Spared are names that have to be asked for outside all the same: the cloud instance's, the access points'.
	Spared []string
}

// Numbers are what is chosen once per connection, free on the machine at that time.
type Numbers struct {
	Link string
	// Mark is the firewall mark of the engine's own packets.
	Mark uint32
	// Table and Priority are 0 without policy routing.
	Table    uint32
	Priority uint32
	// Resolver is where our forwarder listens; invalid if there is none, and then nobody's name servers are changed.
	Resolver netip.Addr
}

// Overlap is a network of the machine's own that an intranet's prefix lies over.
type Overlap struct {
	Link   string
	Prefix netip.Prefix
	// Kept are the addresses in it that still go there: gateway, DHCP, resolver. All others of it go to the intranet.
	Kept []netip.Addr
}

// Plan is what a machine has to be like.
type Plan struct {
	// Changes are in the order in which they are made: first the guard, which shuts, last those that turn traffic.
	Changes  []system.Change
	Overlaps []Overlap
	// Unbeaten are routes of others that go to intranet addresses and can not be outdone.
	Unbeaten []system.Route
}

// metrics within our own table: the link's route wins while there is a link.
const (
	metricLink = 100
	metricHold = 4_000_000_000
)

// Make plans for one intranet on one machine.
func Make(in Intranet, n Numbers, at system.Snapshot) Plan {
	w := &work{in: in, n: n, at: at, prefixes: Prefixes(in, at)}
	w.guard()
	w.add(system.Change{Kind: system.ChangeLink, Link: &system.Link{Name: n.Link, MTU: in.MTU}})
	for _, a := range in.Addresses {
		if w.usable(a.Addr()) {
			w.add(system.Change{Kind: system.ChangeAddress, Address: &system.Address{Link: n.Link, Prefix: a}})
		}
	}
	w.overlaps()
	if at.Abilities.PolicyRouting {
		w.byTable()
	} else {
		w.byLength()
	}
	w.names()
	return w.plan
}

// Prefixes are all prefixes that go into the tunnel on this machine, none inside another but the default route.
func Prefixes(in Intranet, at system.Snapshot) []netip.Prefix {
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
		if !inside && (p.Addr().Is4() || at.Abilities.IPv6) {
			kept = append(kept, p)
		}
	}
	return kept
}

type work struct {
	in       Intranet
	n        Numbers
	at       system.Snapshot
	prefixes []netip.Prefix
	plan     Plan
}

func (w *work) add(c system.Change) { w.plan.Changes = append(w.plan.Changes, c) }

func (w *work) addRoute(r system.Route) {
	w.add(system.Change{Kind: system.ChangeRoute, Route: &r})
}

func (w *work) usable(a netip.Addr) bool { return a.Is4() || w.at.Abilities.IPv6 }

// inside is true if the address goes into the tunnel, exceptions aside.
func (w *work) inside(a netip.Addr) bool {
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
