package route

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
)

// routes returns the routes of all tables except the local one.
func (m *linux) routes(names map[int]string) ([]Route, error) {
	var all []Route
	for _, family := range families() {
		err := m.handle.RouteListFilteredIter(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE, func(r netlink.Route) bool {
			if r.Table != unix.RT_TABLE_LOCAL {
				all = append(all, foundRoutes(r, family, names)...)
			}
			return true
		})
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return nil, err
		}
	}
	return all, nil
}

// foundRoutes converts a route. A multipath route gives one per next hop.
func foundRoutes(r netlink.Route, family int, names map[int]string) []Route {
	owned := r.Protocol == marks.RouteProtocol
	found := Route{
		Scope: scopeOf(uint32(r.Table), owned), Metric: uint32(r.Priority), Owned: owned,
		Link: names[r.LinkIndex], Gateway: addrOf(r.Gw), Source: addrOf(r.Src), native: nativeRoute{uint32(r.Table)},
	}
	switch {
	case r.Dst != nil:
		found.Destination = prefixOf(r.Dst)
	case family == unix.AF_INET:
		found.Destination = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	default:
		found.Destination = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	switch r.Type {
	case unix.RTN_UNICAST:
		found.Kind = Via
	case unix.RTN_UNREACHABLE, unix.RTN_BLACKHOLE, unix.RTN_PROHIBIT:
		// The kernel reports the loopback interface for these.
		found.Kind, found.Link = Unreachable, ""
	case unix.RTN_THROW:
		found.Kind, found.Link = Bypass, ""
	default:
		return nil
	}
	if len(r.MultiPath) == 0 {
		return []Route{found}
	}
	var all []Route
	for _, hop := range r.MultiPath {
		one := found
		one.Link, one.Gateway = names[hop.LinkIndex], addrOf(hop.Gw)
		all = append(all, one)
	}
	return all
}

func (m *linux) setRoute(want Route) error {
	route, err := m.route(want)
	if err != nil {
		return err
	}
	err = m.handle.RouteAdd(route)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	there, err := m.owned(want)
	switch {
	case err != nil:
		return err
	case there == nil:
		return ErrConflict
	case there.Link == want.Link && there.Gateway == want.Gateway && there.Source == want.Source:
		return nil
	}
	// The tunnel's route by a link that is about to be removed is replaced, so that the new link can be used at once.
	return m.handle.RouteReplace(route)
}

func (m *linux) clearRoute(want Route) (bool, error) {
	route, err := m.route(want)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = m.handle.RouteDel(route)
	if gone(err) {
		return false, nil
	}
	return err == nil, err
}

// route converts a desired route to netlink. It includes the protocol, so that deleting does not match another program's route.
func (m *linux) route(want Route) (*netlink.Route, error) {
	table := want.native.table
	switch {
	case table != 0:
	case want.Scope == Host:
		table = marks.MainTable
	default:
		var err error
		if table, err = m.tunnelsTable(); err != nil {
			return nil, err
		}
	}
	r := &netlink.Route{
		Table: int(table), Dst: ipNet(want.Destination), Priority: int(want.Metric), Protocol: marks.RouteProtocol, Family: unix.AF_INET,
	}
	if want.Destination.Addr().Is6() {
		r.Family = unix.AF_INET6
	}
	switch want.Kind {
	case Via:
		link, err := m.handle.LinkByName(want.Link)
		if err != nil {
			return nil, err
		}
		r.LinkIndex, r.Type = link.Attrs().Index, unix.RTN_UNICAST
		if !want.Gateway.IsValid() && r.Family == unix.AF_INET {
			r.Scope = unix.RT_SCOPE_LINK
		}
	case Unreachable:
		r.Type = unix.RTN_UNREACHABLE
	case Bypass:
		r.Type = unix.RTN_THROW
	}
	if want.Gateway.IsValid() {
		r.Gw = want.Gateway.AsSlice()
	}
	if want.Source.IsValid() {
		r.Src = want.Source.AsSlice()
	}
	return r, nil
}

// owned returns the tunnel's route in the place of a desired one, nil if there is none.
func (m *linux) owned(want Route) (*Route, error) {
	_, names, err := m.links()
	if err != nil {
		return nil, err
	}
	all, err := m.routes(names)
	for _, r := range all {
		if r.Scope == want.Scope && r.Destination == want.Destination && r.Metric == want.Metric && r.Kind == want.Kind && r.Owned {
			return &r, err
		}
	}
	return nil, err
}

func families() []int {
	return []int{unix.AF_INET, unix.AF_INET6}
}

func addrOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
