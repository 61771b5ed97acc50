package route

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
)

// addrGenNone is IN6_ADDR_GEN_MODE_NONE.
const addrGenNone = 1

// links returns the host's links, and their names by index.
func (m *linux) links() ([]LinkStatus, map[int]string, error) {
	list, err := m.handle.LinkList()
	if err != nil {
		return nil, nil, err
	}
	names := map[int]string{}
	byIndex := map[int]int{}
	var all []LinkStatus
	for _, l := range list {
		a := l.Attrs()
		kind := l.Type()
		if kind == "device" {
			kind = ""
		}
		if kind == "tuntap" {
			kind = "tun"
		}
		names[a.Index] = a.Name
		byIndex[a.Index] = len(all)
		all = append(all, LinkStatus{Name: a.Name, Kind: kind, Up: a.Flags&net.FlagUp != 0, Owned: a.Alias == marks.LinkAlias, MTU: a.MTU})
	}
	addresses, err := m.handle.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range addresses {
		if i, found := byIndex[a.LinkIndex]; found && a.IPNet != nil {
			all[i].Addresses = append(all[i].Addresses, prefixOf(a.IPNet))
		}
	}
	return all, names, nil
}

func (m *linux) setLink(want Link) error {
	link, err := m.handle.LinkByName(want.Name)
	if err != nil {
		return err
	}
	if link.Type() != "tuntap" {
		return ErrConflict
	}
	if err := m.handle.LinkSetAlias(link, marks.LinkAlias); err != nil {
		return err
	}
	if link.Attrs().MTU != want.MTU {
		if err := m.handle.LinkSetMTU(link, want.MTU); err != nil {
			return err
		}
	}
	// The link needs no link-local address. The mode cannot be set where IPv6 is off, which does not matter.
	if err := m.handle.LinkSetIP6AddrGenMode(link, addrGenNone); err != nil && ipv6On(want.Name) {
		return err
	}
	return m.handle.LinkSetUp(link)
}

func (m *linux) setAddress(want Address) error {
	link, address, err := m.address(want)
	if err != nil {
		return err
	}
	if err := m.handle.AddrAdd(link, address); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

func (m *linux) clearAddress(want Address) (bool, error) {
	link, address, err := m.address(want)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if link.Attrs().Alias != marks.LinkAlias {
		return false, nil
	}
	err = m.handle.AddrDel(link, address)
	if gone(err) {
		return false, nil
	}
	return err == nil, err
}

func (m *linux) address(want Address) (netlink.Link, *netlink.Addr, error) {
	link, err := m.handle.LinkByName(want.Link)
	if err != nil {
		return nil, nil, err
	}
	// The plan contains the routes, so the kernel must not add one for the prefix.
	return link, &netlink.Addr{IPNet: ipNet(want.Prefix), Flags: unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_NODAD}, nil
}

func prefixOf(n *net.IPNet) netip.Prefix {
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
