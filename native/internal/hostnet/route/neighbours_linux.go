package route

import (
	"net/netip"

	"github.com/vishvananda/netlink"
)

// ForgetNeighbours implements Router. Neighbour discovery that has begun would go on for seconds, and then send what has waited for the
// answer: a kill switch looks at packets before they wait (man 7 arp: mcast_solicit, unres_qlen). An entry that cannot be deleted ends by
// itself.
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

// linkName remembers what it has looked up.
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
