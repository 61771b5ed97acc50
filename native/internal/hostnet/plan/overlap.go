package plan

import (
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet/route"
)

// overlaps finds the host's own networks that overlap with the intranet, and the addresses in them that the underlay needs.
func (w *work) overlaps() {
	for _, r := range w.at.Routes {
		if !w.onLink(r) || !w.overlapsIntranet(r.Destination) {
			continue
		}
		same := func(o Overlap) bool { return o.Link == r.Link && o.Prefix == r.Destination }
		if slices.ContainsFunc(w.plan.Overlaps, same) {
			continue
		}
		o := Overlap{Link: r.Link, Prefix: r.Destination}
		for _, a := range w.infrastructure() {
			if r.Destination.Contains(a) {
				o.Kept = append(o.Kept, a)
			}
		}
		w.plan.Overlaps = append(w.plan.Overlaps, o)
	}
}

// onLink is true for the route of a network that one of the host's own links is attached to.
func (w *work) onLink(r route.Route) bool {
	return !r.Owned && r.Scope == route.Host && r.Kind == route.Via && !r.Gateway.IsValid() &&
		r.Link != "" && r.Link != w.n.Link && r.Destination.Bits() > 0 && !r.Destination.Addr().IsLinkLocalUnicast() &&
		!r.Destination.Addr().IsMulticast() && !r.Destination.Addr().IsLoopback()
}

func (w *work) overlapsIntranet(p netip.Prefix) bool {
	return slices.ContainsFunc(w.prefixes, func(in netip.Prefix) bool { return in.Bits() > 0 && in.Overlaps(p) })
}

// infrastructure returns the gateways, DHCP servers and resolvers on the host's own links whose addresses would be tunneled.
func (w *work) infrastructure() []netip.Addr {
	var candidates, kept []netip.Addr
	for _, r := range w.at.Routes {
		if !r.Owned && r.Gateway.IsValid() && r.Link != w.n.Link {
			candidates = append(candidates, r.Gateway)
		}
	}
	candidates = append(candidates, w.at.DHCPServers...)
	candidates = append(candidates, w.at.Resolvers...)
	for _, a := range candidates {
		a = a.Unmap()
		reachable := slices.ContainsFunc(w.at.Routes, func(r route.Route) bool { return w.onLink(r) && r.Destination.Contains(a) })
		if w.tunneled(a) && reachable && !w.needed(a) && !a.IsLoopback() {
			kept = append(kept, a)
		}
	}
	slices.SortFunc(kept, netip.Addr.Compare)
	return slices.Compact(kept)
}

// exceptions returns the single addresses that are reached outside the tunnel.
func (w *work) exceptions() []netip.Addr {
	all := w.infrastructure()
	outside := slices.Clone(w.in.CloudAddrs)
	for _, e := range w.in.Endpoints {
		// The engine's packets are routed by their mark, but replies have no mark. Without this route, a host with rp_filter
		// would drop them, because it would send to their source by another link. The kill switch keeps other programs from using
		// it.
		outside = append(outside, e.AddrPort.Addr())
	}
	for _, a := range outside {
		if a = a.Unmap(); w.tunneled(a) && !w.needed(a) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}

// private are the only ranges in which a host's own networks stay reachable with a full tunnel. Other networks that a DHCP server
// announces as local are tunneled (TunnelCrack LocalNet, CVE-2023-36672).
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
}

// neverTunneled are ranges that belong to a link or to the host itself, whatever the default route is.
var neverTunneled = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("ff00::/8"),
}

// localNets returns the networks that stay reachable with a full tunnel.
func (w *work) localNets() []netip.Prefix {
	if !w.in.Full {
		return nil
	}
	all := slices.Clone(neverTunneled)
	for _, r := range w.at.Routes {
		in := func(p netip.Prefix) bool { return p.Bits() <= r.Destination.Bits() && p.Contains(r.Destination.Addr()) }
		explicit := slices.ContainsFunc(w.in.Routes, func(p netip.Prefix) bool { return p.Bits() > 0 && p.Overlaps(r.Destination) })
		if w.onLink(r) && slices.ContainsFunc(private, in) && !explicit && !slices.Contains(all, r.Destination) {
			all = append(all, r.Destination)
		}
	}
	return slices.DeleteFunc(all, func(p netip.Prefix) bool { return !w.usable(p.Addr()) })
}
