package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns/forward"
	"sag.software/native/internal/system/guard"
)

// guardZones is how many reverse zones are held back; what is beyond is a host name in somebody's log.
const guardZones = 512

// guard is the first of all changes and the last to be undone: what the others do is never without it. It holds back both
// IP versions, whether or not the tunnel carries both.
func (w *work) guard() {
	if !w.at.Abilities.Guard {
		return
	}
	both := w.at
	both.Abilities.IPv6 = true
	s := guard.Spec{
		Link: w.n.Link, Mark: w.n.Mark, Inside: Prefixes(w.in, both), Endpoints: sorted(w.in.Endpoints, netip.AddrPort.Compare),
		Domains: sorted(w.in.Domains, cmp.Compare[string]), Everything: len(w.in.Domains) == 0 && len(w.in.Servers) > 0,
		Spared: sorted(w.in.Spared, cmp.Compare[string]),
	}
	if len(s.Domains) > 0 {
		s.Domains = sorted(append(s.Domains, forward.ReverseZones(w.in.Routes, guardZones)...), cmp.Compare[string])
	}
	for _, a := range w.in.Addresses {
		s.Own = append(s.Own, a.Addr())
	}
	for _, a := range sorted(w.in.Outside, netip.Addr.Compare) {
		if a = a.Unmap(); !w.needed(a) {
			s.Cloud = append(s.Cloud, netip.AddrPortFrom(a, w.in.CloudPort))
		}
	}
	for _, a := range w.infrastructure() {
		for _, link := range w.linksOf(a) {
			s.Kept = append(s.Kept, guard.Place{Prefix: netip.PrefixFrom(a, a.BitLen()), Link: link})
		}
	}
	for _, p := range w.besideFull() {
		if slices.Contains(neverTunnelled, p) {
			s.Beside = append(s.Beside, guard.Place{Prefix: p})
			continue
		}
		for _, link := range w.linksOf(p.Addr()) {
			s.Beside = append(s.Beside, guard.Place{Prefix: p, Link: link})
		}
	}
	if len(s.Beside) > 0 {
		named := w.in
		named.Full = false
		s.Named = Prefixes(named, both)
	}
	w.add(system.Change{Kind: system.ChangeGuard, Guard: &s})
}

// GuardOf is the guard among changes; nil if there is none.
func GuardOf(changes []system.Change) *guard.Spec {
	for _, c := range changes {
		if c.Kind == system.ChangeGuard {
			return c.Guard
		}
	}
	return nil
}

// linksOf are the links that an address is on.
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
