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

// ReversePrefix returns the prefix of a name under in-addr.arpa or ip6.arpa; a single address for a complete name. The name must
// be lower-case, without a trailing dot.
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

// ReverseZones returns the reverse zones that cover exactly these prefixes, at most `limit`. Beyond that the longest prefixes are
// left out; without its zone an address has no host name in logs.
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

// zoneOf returns the zone of the first `bits` of an address, with `add` added to the last label.
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
