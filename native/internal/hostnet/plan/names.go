package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/route"
)

// maxZones is how many reverse zones a host gets: systemd-resolved takes 256 domains for a link, and 128 can be
// pushed. The forwarder knows the prefixes themselves and needs none.
const maxZones = 120

// names come last: there is no use in a name before its address can be reached. They are undone first.
func (w *work) names() {
	if len(w.in.Servers) == 0 || !w.n.Resolver.IsValid() || w.at.Names.Backend == "" {
		return
	}
	n := dns.Names{Backend: w.at.Names.Backend, Link: w.n.Link, Resolver: w.n.Resolver, Everything: len(w.in.Domains) == 0, Search: w.in.Search}
	if !n.Everything {
		n.Domains = append(slices.Clone(w.in.Domains), forward.ReverseZones(w.in.Routes, maxZones)...)
	}
	if n.Backend == dns.File {
		n.Path = w.at.Names.Path
	}
	w.add(hostnet.Change{Kind: hostnet.ChangeNames, Names: &n})
}

// IPv6Tunneled is true if anything inside can be reached by IPv6 from this host.
func IPv6Tunneled(in Intranet, at hostnet.Snapshot) bool {
	return at.Capabilities.Has(route.IPv6) && (in.Full || slices.ContainsFunc(in.Routes, func(p netip.Prefix) bool { return p.Addr().Is6() }))
}
