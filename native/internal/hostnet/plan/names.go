package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/route"
)

// maxZones limits the reverse zones in the host's DNS settings: systemd-resolved accepts 256 domains per link, and 128 can be
// pushed. The forwarder uses the prefixes and needs no zones.
const maxZones = 120

// names adds the DNS settings as the last change, because names are useless before their addresses can be reached. They are
// undone first.
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

// IPv6Tunneled is true if any address can be reached through the tunnel by IPv6 from this host.
func IPv6Tunneled(in Intranet, at hostnet.Snapshot) bool {
	return at.Capabilities.Has(route.IPv6) && (in.Full || slices.ContainsFunc(in.Routes, func(p netip.Prefix) bool { return p.Addr().Is6() }))
}
