package forward

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	zone4 = "in-addr.arpa"
	zone6 = "ip6.arpa"
)

// ReversePrefix is the prefix that a name under in-addr.arpa or ip6.arpa stands for; a single address for a complete
// name. The name is lower-case, without a dot at the end.
func ReversePrefix(name string) (netip.Prefix, bool) {
	if rest, ok := strings.CutSuffix(name, "."+zone4); ok {
		labels := strings.Split(rest, ".")
		if len(labels) > 4 {
			return netip.Prefix{}, false
		}
		var bytes [4]byte
		for i, label := range labels {
			n, err := strconv.ParseUint(label, 10, 8)
			if err != nil {
				return netip.Prefix{}, false
			}
			bytes[len(labels)-1-i] = byte(n)
		}
		return netip.PrefixFrom(netip.AddrFrom4(bytes), 8*len(labels)), true
	}
	rest, ok := strings.CutSuffix(name, "."+zone6)
	labels := strings.Split(rest, ".")
	if !ok || len(labels) > 32 {
		return netip.Prefix{}, false
	}
	var bytes [16]byte
	for i, label := range labels {
		n, err := strconv.ParseUint(label, 16, 4)
		if err != nil || len(label) != 1 {
			return netip.Prefix{}, false
		}
		at := len(labels) - 1 - i
		bytes[at/2] |= byte(n) << (4 * (1 - at%2))
	}
	return netip.PrefixFrom(netip.AddrFrom16(bytes), 4*len(labels)), true
}

// ReverseZones are the zones that hold exactly the addresses of these prefixes, at most `limit`. Beyond that, prefixes are left
// out, the longest first: a missing zone costs a host name in a log.
func ReverseZones(prefixes []netip.Prefix, limit int) []string {
	sorted := slices.Clone(prefixes)
	slices.SortStableFunc(sorted, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var zones []string
	for _, p := range sorted {
		step := 8
		if p.Addr().Is6() {
			step = 4
		}
		if p.Bits() == 0 {
			continue
		}
		bits := (p.Bits() + step - 1) / step * step
		count := 1 << (bits - p.Bits())
		if len(zones)+count > limit {
			continue
		}
		bytes := p.Masked().Addr().AsSlice()
		for i := range count {
			zones = append(zones, zoneOf(bytes, bits, step, i))
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// zoneOf is the name of the zone of the first `bits` of an address, `add` further in its last digit.
func zoneOf(bytes []byte, bits, step, add int) string {
	var labels []string
	for at := bits/step - 1; at >= 0; at-- {
		digit := int(bytes[at*step/8])
		if step == 4 {
			digit = digit >> (4 * (1 - at%2)) & 15
		}
		if at == bits/step-1 {
			digit += add
		}
		if step == 4 {
			labels = append(labels, strconv.FormatInt(int64(digit), 16))
		} else {
			labels = append(labels, strconv.Itoa(digit))
		}
	}
	if step == 4 {
		return strings.Join(append(labels, zone6), ".")
	}
	return strings.Join(append(labels, zone4), ".")
}
