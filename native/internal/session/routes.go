package session

import (
	"fmt"
	"math/big"
	"net/netip"

	"sag.software/native/internal/msg"
)

// neverTunneled are addresses of the host itself or of its link, and addresses that no host has.
var neverTunneled = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/127"),
	netip.MustParsePrefix("::ffff:0:0/96"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("ff00::/8"),
}

// shortest4 and shortest6 are the shortest accepted prefixes: 10.0.0.0/8 and fc00::/7 are the largest private networks.
const (
	shortest4 = 8
	shortest6 = 7
)

// share limits the sum of all prefixes: together they must cover less than one share-th of a family's addresses. More would
// be a default route in disguise.
const share = 4

// CheckRoutes returns nil, or why the host must not send these prefixes through the tunnel.
func CheckRoutes(routes []netip.Prefix, full bool) error {
	for i, prefix := range routes {
		field := fmt.Sprintf("routes[%d]", i)
		if prefix.Masked() != prefix {
			return Refuse(field, msg.SettingsRouteHostBits(field, prefix.String()))
		}
		if err := checkRoute(field, prefix, full); err != nil {
			return err
		}
	}
	if full {
		return nil
	}
	return checkShare(routes)
}

func checkRoute(field string, prefix netip.Prefix, full bool) error {
	if prefix.Bits() == 0 {
		if full {
			return nil
		}
		return Refuse(field, msg.SettingsRouteDefault(field, prefix.String()))
	}
	for _, never := range neverTunneled {
		if never.Overlaps(prefix) {
			return Refuse(field, msg.SettingsRouteNeverInside(field, prefix.String(), never.String()))
		}
	}
	least := shortest4
	if prefix.Addr().Is6() {
		least = shortest6
	}
	if !full && prefix.Bits() < least {
		return Refuse(field, msg.SettingsRouteWide(field, prefix.String()))
	}
	return nil
}

// checkShare checks the sum of all prefixes; overlapping ones are counted once.
func checkShare(routes []netip.Prefix) error {
	for _, family := range []struct {
		name string
		bits int
		six  bool
	}{{"IPv4", 32, false}, {"IPv6", 128, true}} {
		covered := new(big.Int)
		for i, route := range routes {
			if route.Addr().Is6() != family.six || containedInAnother(routes, i) {
				continue
			}
			covered.Add(covered, new(big.Int).Lsh(big.NewInt(1), uint(family.bits-route.Bits())))
		}
		limit := new(big.Int).Lsh(big.NewInt(1), uint(family.bits))
		limit.Div(limit, big.NewInt(share))
		if covered.Cmp(limit) >= 0 {
			return Refuse("routes", msg.SettingsRoutesWide("routes", family.name))
		}
	}
	return nil
}

// containedInAnother reports whether another prefix contains routes[i], or is the same and comes before it.
func containedInAnother(routes []netip.Prefix, i int) bool {
	for j, other := range routes {
		if j == i || !other.Overlaps(routes[i]) {
			continue
		}
		if other.Bits() < routes[i].Bits() || other.Bits() == routes[i].Bits() && j < i {
			return true
		}
	}
	return false
}
