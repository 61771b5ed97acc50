package system

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const noSuppression = -1

// routes are those of all tables that send packets somewhere; the local table is left out.
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

// foundRoutes is one route, or one for each way of a route that has several.
func foundRoutes(r netlink.Route, family int, names map[int]string) []Route {
	found := Route{
		Table: uint32(r.Table), Metric: uint32(r.Priority), Ours: r.Protocol == protocol,
		Link: names[r.LinkIndex], Gateway: addrOf(r.Gw), Source: addrOf(r.Src),
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
		found.Kind = RouteVia
	case unix.RTN_UNREACHABLE, unix.RTN_BLACKHOLE, unix.RTN_PROHIBIT:
		// The kernel names the loopback link for these.
		found.Kind, found.Link = RouteUnreachable, ""
	case unix.RTN_THROW:
		found.Kind, found.Link = RouteThrow, ""
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

func (m *linux) applyRoute(want Route) error {
	route, err := m.route(want)
	if err != nil {
		return err
	}
	err = m.handle.RouteAdd(route)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	there, err := m.ours(want)
	switch {
	case err != nil:
		return err
	case there == nil:
		return ErrConflict
	case there.Link == want.Link && there.Gateway == want.Gateway && there.Source == want.Source:
		return nil
	}
	// Ours, by a link that is about to go: its successor does not wait for that.
	return m.handle.RouteReplace(route)
}

func (m *linux) undoRoute(want Route) (bool, error) {
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

// route is it as the kernel takes it. With the protocol in it, deleting finds no other's.
func (m *linux) route(want Route) (*netlink.Route, error) {
	r := &netlink.Route{Table: int(want.Table), Dst: ipNet(want.Destination), Priority: int(want.Metric), Protocol: protocol, Family: unix.AF_INET}
	if want.Destination.Addr().Is6() {
		r.Family = unix.AF_INET6
	}
	switch want.Kind {
	case RouteVia:
		link, err := m.handle.LinkByName(want.Link)
		if err != nil {
			return nil, err
		}
		r.LinkIndex, r.Type = link.Attrs().Index, unix.RTN_UNICAST
		if !want.Gateway.IsValid() && r.Family == unix.AF_INET {
			r.Scope = unix.RT_SCOPE_LINK
		}
	case RouteUnreachable:
		r.Type = unix.RTN_UNREACHABLE
	case RouteThrow:
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

// ours is the route of ours that is in the place of a wanted one; nil if there is none.
func (m *linux) ours(want Route) (*Route, error) {
	_, names, err := m.links()
	if err != nil {
		return nil, err
	}
	all, err := m.routes(names)
	for _, r := range all {
		if r.Table == want.Table && r.Destination == want.Destination && r.Metric == want.Metric && r.Kind == want.Kind && r.Ours {
			return &r, err
		}
	}
	return nil, err
}

func (m *linux) rules() ([]Rule, error) {
	var all []Rule
	for _, family := range families() {
		list, err := m.handle.RuleList(family)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return nil, err
		}
		for _, r := range list {
			all = append(all, Rule{
				Priority: uint32(r.Priority), IPv6: family == unix.AF_INET6, Mark: r.Mark, Not: r.Invert, Table: uint32(r.Table),
				SuppressDefault: r.SuppressPrefixlen == 0, Ours: r.Protocol == protocol,
				Other: r.Src != nil || r.Dst != nil || r.IifName != "" || r.OifName != "" || r.IPProto != 0 || r.Sport != nil ||
					r.Dport != nil || r.UIDRange != nil || r.Tos != 0 || r.Goto > 0 || r.SuppressPrefixlen > 0,
			})
		}
	}
	return all, nil
}

func (m *linux) applyRule(want Rule) error {
	err := m.handle.RuleAdd(ruleOf(want))
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	rules, err := m.rules()
	for _, r := range rules {
		if r.Ours && r.Priority == want.Priority && r.IPv6 == want.IPv6 && r.Table == want.Table {
			return err
		}
	}
	return errors.Join(err, ErrConflict)
}

func (m *linux) undoRule(want Rule) (bool, error) {
	err := m.handle.RuleDel(ruleOf(want))
	if gone(err) || errors.Is(err, unix.EAFNOSUPPORT) {
		return false, nil
	}
	return err == nil, err
}

func ruleOf(want Rule) *netlink.Rule {
	r := netlink.NewRule()
	r.Family = unix.AF_INET
	if want.IPv6 {
		r.Family = unix.AF_INET6
	}
	r.Priority, r.Table, r.Mark, r.Invert, r.Protocol = int(want.Priority), int(want.Table), want.Mark, want.Not, protocol
	if want.SuppressDefault {
		r.SuppressPrefixlen = 0
	} else {
		r.SuppressPrefixlen = noSuppression
	}
	return r
}

func families() []int {
	return []int{unix.AF_INET, unix.AF_INET6}
}

func addrOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
