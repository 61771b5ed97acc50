package host

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// policy is the default policy table (RFC 6724, section 2.1).
var policy = []struct {
	prefix            netip.Prefix
	precedence, label int
}{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::ffff:0:0/96"), 35, 4},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

func classify(a netip.Addr) (precedence, label int) {
	if a.Is4() {
		return 35, 4
	}
	for _, p := range policy {
		if p.prefix.Contains(a.WithZone("")) {
			return p.precedence, p.label
		}
	}
	return 0, -1
}

const (
	linkLocal = 2
	siteLocal = 5
	global    = 14
)

// scope returns an address's scope (RFC 6724, section 3.1). Private IPv4 addresses are global.
func scope(a netip.Addr) int {
	switch {
	case a.IsLoopback(), a.IsLinkLocalUnicast():
		return linkLocal
	case a.Is6() && a.As16()[0] == 0xfe && a.As16()[1]&0xc0 == 0xc0:
		return siteLocal
	default:
		return global
	}
}

// source returns the source address that the kernel would use; invalid if there is no route. Nothing is sent.
func source(to netip.Addr) netip.Addr {
	const discard = 9
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, discard)))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}

// reachable reports whether the host has a route to one of the addresses.
func reachable(all []netip.Addr) bool {
	return slices.ContainsFunc(all, func(a netip.Addr) bool { return source(a).IsValid() })
}

// order sorts addresses as getaddrinfo does: rules 1, 2, 5, 6 and 8 of RFC 6724, section 6.
func order(all []netip.Addr) []netip.Addr { return orderBy(all, source) }

func orderBy(all []netip.Addr, source func(netip.Addr) netip.Addr) []netip.Addr {
	type ranked struct {
		address                                                netip.Addr
		noRoute, otherScope, otherLabel, lowPrecedence, extent int
	}
	list := make([]ranked, 0, len(all))
	for _, a := range all {
		precedence, label := classify(a)
		r := ranked{address: a, lowPrecedence: -precedence, extent: scope(a)}
		if from := source(a); from.IsValid() {
			_, own := classify(from)
			r.otherScope, r.otherLabel = differs(scope(a), scope(from)), differs(label, own)
		} else {
			r.noRoute = 1
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(a.noRoute-b.noRoute, a.otherScope-b.otherScope, a.otherLabel-b.otherLabel,
			a.lowPrecedence-b.lowPrecedence, a.extent-b.extent)
	})
	sorted := make([]netip.Addr, 0, len(list))
	for _, r := range list {
		sorted = append(sorted, r.address)
	}
	return sorted
}

func differs(a, b int) int {
	if a != b {
		return 1
	}
	return 0
}
