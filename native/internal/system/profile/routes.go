package profile

import (
	"fmt"
	"math/big"
	"net/netip"

	typesv1 "sag.software/native/gen/sag/types/v1"
)

// neverInside belongs to the machine itself or to the link it is on, or is nobody's.
var neverInside = []netip.Prefix{
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

// shortest is the shortest prefix that is still somebody's network and not a share of the Internet: fc00::/7 for IPv6.
const (
	shortest4 = 8
	shortest6 = 7
)

// share is the part of a family's addresses (one in share) at which many prefixes together are a default route in disguise.
const share = 4

func checkRoutes(texts []string, full bool) ([]netip.Prefix, *Refusal) {
	if len(texts) > MaxRoutes {
		r := refuse("routes", "%d of them: the most is %d", len(texts), MaxRoutes)
		r.Cause = typesv1.Cause_CAUSE_ANSWER_TOO_LARGE
		return nil, r
	}
	routes := make([]netip.Prefix, 0, len(texts))
	for i, text := range texts {
		field := fmt.Sprintf("routes[%d]", i)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, refuse(field, "is no prefix")
		}
		if prefix.Masked() != prefix {
			return nil, refuse(field, "%s has bits set beyond its length", prefix)
		}
		if r := checkRoute(field, prefix, full); r != nil {
			return nil, r
		}
		routes = append(routes, prefix)
	}
	if !full {
		if r := checkShare(routes); r != nil {
			return nil, r
		}
	}
	return routes, nil
}

func checkRoute(field string, prefix netip.Prefix, full bool) *Refusal {
	if prefix.Bits() == 0 {
		if full {
			return nil
		}
		return refuse(field, "%s is a default route, and the policy does not say full tunnel", prefix)
	}
	for _, never := range neverInside {
		if never.Overlaps(prefix) {
			return refuse(field, "%s overlaps %s, which is never inside an intranet", prefix, never)
		}
	}
	least := shortest4
	if prefix.Addr().Is6() {
		least = shortest6
	}
	if !full && prefix.Bits() < least {
		return refuse(field, "%s is as good as a default route, and the policy does not say full tunnel", prefix)
	}
	return nil
}

// checkShare adds up what the prefixes cover together, each address once.
func checkShare(routes []netip.Prefix) *Refusal {
	for _, family := range []struct {
		name string
		bits int
		six  bool
	}{{"IPv4", 32, false}, {"IPv6", 128, true}} {
		covered := new(big.Int)
		for i, route := range routes {
			if route.Addr().Is6() != family.six || insideAnother(routes, i) {
				continue
			}
			covered.Add(covered, new(big.Int).Lsh(big.NewInt(1), uint(family.bits-route.Bits())))
		}
		limit := new(big.Int).Lsh(big.NewInt(1), uint(family.bits))
		limit.Div(limit, big.NewInt(share))
		if covered.Cmp(limit) >= 0 {
			return refuse("routes", "together they are as good as an %s default route, and the policy does not say full tunnel", family.name)
		}
	}
	return nil
}

// insideAnother is true if another prefix contains routes[i], or is the same and comes before it.
func insideAnother(routes []netip.Prefix, i int) bool {
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
