package route

import (
	"net/netip"

	"github.com/vishvananda/netlink"
)

// ForgetNeighbours implements Router. Neighbour discovery in progress would continue for seconds and then send the queued
// packets, which the kill switch does not see any more (arp(7): mcast_solicit, unres_qlen). An entry that cannot be deleted
// expires.
func (m *linux) ForgetNeighbours(dropped func(to netip.Addr, link string) bool) {
	for _, family := range families() {
		all, err := m.handle.NeighList(0, family)
		if err != nil {
			continue
		}
		names := map[int]string{}
		for _, n := range all {
			to, _ := netip.AddrFromSlice(n.IP)
			isAsked := n.State&(netlink.NUD_INCOMPLETE|netlink.NUD_DELAY|netlink.NUD_PROBE) != 0
			if isAsked && dropped(to.Unmap(), m.linkName(names, n.LinkIndex)) {
				_ = m.handle.NeighDel(&n)
			}
		}
	}
}

// linkName returns the name of a link, and caches it in known.
func (m *linux) linkName(known map[int]string, index int) string {
	name, is := known[index]
	if !is {
		if link, err := m.handle.LinkByIndex(index); err == nil {
			name = link.Attrs().Name
		}
		known[index] = name
	}
	return name
}
