package system

import (
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/system/guard"
)

// stopAsking ends what the kernel is asking a LAN about addresses that are held from now on. It would go on for seconds, and then
// send what has waited for an answer: a guard looks at packets before they wait (man 7 arp: mcast_solicit, unres_qlen). As far as
// can be; what is not ended ends by itself.
func (m *linux) stopAsking(held guard.Spec) {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		all, err := m.handle.NeighList(0, family)
		if err != nil {
			continue
		}
		names := map[int]string{}
		for _, n := range all {
			to, _ := netip.AddrFromSlice(n.IP)
			to = to.Unmap()
			isAsked := n.State&(netlink.NUD_INCOMPLETE|netlink.NUD_DELAY|netlink.NUD_PROBE) != 0
			// Where everything is inside, so is an access point next door.
			isEndpoint := slices.ContainsFunc(held.Endpoints, func(a netip.AddrPort) bool { return a.Addr().Unmap() == to })
			if isAsked && !isEndpoint && held.Holds(to, m.linkName(names, n.LinkIndex)) {
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
