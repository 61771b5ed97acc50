package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/route"
)

// maxDroppedZones limits the reverse zones whose queries are dropped. Queries for further zones may leave directly.
const maxDroppedZones = 512

// killSwitch adds the kill switch as the first change, which is undone last, so that the others are never in force without it. It
// covers both IP versions, even if the tunnel carries only one.
func (w *work) killSwitch() {
	if !w.at.CanDrop.Has(killswitch.Packets) {
		return
	}
	both := w.at
	both.Capabilities |= route.IPv6
	s := killswitch.Config{
		Link: w.n.Link, Tunneled: Prefixes(w.in, both), Endpoints: sorted(w.in.Endpoints, permit.Endpoint.Compare),
		Domains: sorted(w.in.Domains, cmp.Compare[string]), AllNames: len(w.in.Domains) == 0 && len(w.in.Servers) > 0,
		BypassNames: sorted(w.in.BypassNames, cmp.Compare[string]),
	}
	if len(s.Domains) > 0 {
		s.Domains = sorted(append(s.Domains, forward.ReverseZones(w.in.Routes, maxDroppedZones)...), cmp.Compare[string])
	}
	for _, a := range w.in.Addresses {
		s.TunnelAddrs = append(s.TunnelAddrs, a.Addr())
	}
	for _, a := range sorted(w.in.CloudAddrs, netip.Addr.Compare) {
		if a = a.Unmap(); !w.needed(a) {
			s.Cloud = append(s.Cloud, permit.At(permit.TCP, netip.AddrPortFrom(a, w.in.CloudPort)))
		}
	}
	for _, a := range w.infrastructure() {
		for _, link := range w.linksOf(a) {
			s.LinkServices = append(s.LinkServices, killswitch.Net{Prefix: netip.PrefixFrom(a, a.BitLen()), Link: link})
		}
	}
	for _, p := range w.localNets() {
		if slices.Contains(neverTunneled, p) {
			s.LocalNets = append(s.LocalNets, killswitch.Net{Prefix: p})
			continue
		}
		for _, link := range w.linksOf(p.Addr()) {
			s.LocalNets = append(s.LocalNets, killswitch.Net{Prefix: p, Link: link})
		}
	}
	if len(s.LocalNets) > 0 {
		named := w.in
		named.Full = false
		s.IncludedNets = Prefixes(named, both)
	}
	w.add(hostnet.Change{Kind: hostnet.ChangeKillSwitch, KillSwitch: &s})
}

// KillSwitchOf returns the kill switch among changes, nil if there is none.
func KillSwitchOf(changes []hostnet.Change) *killswitch.Config {
	for _, c := range changes {
		if c.Kind == hostnet.ChangeKillSwitch {
			return c.KillSwitch
		}
	}
	return nil
}

// linksOf returns the links whose networks contain an address.
func (w *work) linksOf(a netip.Addr) []string {
	var all []string
	for _, r := range w.at.Routes {
		if w.onLink(r) && r.Destination.Contains(a) {
			all = append(all, r.Link)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func sorted[T comparable](all []T, compare func(a, b T) int) []T {
	all = slices.Clone(all)
	slices.SortFunc(all, compare)
	return slices.Compact(all)
}
