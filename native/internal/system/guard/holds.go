package guard

import (
	"net/netip"
	"slices"
)

// Holds is the rules in short: whether a packet of some program's is kept from leaving by a link. Of a link's own gateway,
// DHCP servers and resolvers, what they are for may pass, and counts here.
func (s Spec) Holds(to netip.Addr, link string) bool {
	if link == s.Link {
		return false
	}
	is := func(p netip.Prefix) bool { return p.Contains(to) }
	there := func(p Place) bool { return is(p.Prefix) && (p.Link == "" || p.Link == link) }
	beside := slices.ContainsFunc(s.Beside, there) && !slices.ContainsFunc(s.Named, is)
	spared := slices.ContainsFunc(s.Kept, there) || beside ||
		slices.ContainsFunc(s.Cloud, func(a netip.AddrPort) bool { return a.Addr().Unmap() == to })
	return slices.ContainsFunc(s.Inside, is) && !spared
}
