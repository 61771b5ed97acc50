package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/dns/forward"
)

// maxZones is how many reverse zones a machine is told of: systemd-resolved takes 256 domains for a link, and 128 can be
// pushed. The forwarder knows the prefixes themselves and needs none.
const maxZones = 120

// names come last: there is no use in a name before its address can be reached. They are undone first.
func (w *work) names() {
	if len(w.in.Servers) == 0 || !w.n.Resolver.IsValid() || w.at.Names.Backend == "" {
		return
	}
	n := dns.Names{Backend: w.at.Names.Backend, Link: w.n.Link, Resolver: w.n.Resolver, Everything: len(w.in.Domains) == 0}
	if !n.Everything {
		n.Domains = append(slices.Clone(w.in.Domains), forward.ReverseZones(w.in.Routes, maxZones)...)
	}
	if n.Backend == dns.File {
		n.Path = w.at.Names.Path
	}
	w.add(system.Change{Kind: system.ChangeNames, Names: &n})
}

// IPv6Inside is true if anything inside can be reached by IPv6 from this machine.
func IPv6Inside(in Intranet, at system.Snapshot) bool {
	return at.Abilities.IPv6 && (in.Full || slices.ContainsFunc(in.Routes, func(p netip.Prefix) bool { return p.Addr().Is6() }))
}
