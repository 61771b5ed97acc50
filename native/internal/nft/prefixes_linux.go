package nft

import (
	"net/netip"
	"slices"
)

// Merged returns the address ranges that prefixes of one IP version cover, each as first and last address. Adjacent and
// overlapping ranges are merged.
func Merged(prefixes []netip.Prefix, six bool) [][2]netip.Addr {
	var ranges [][2]netip.Addr
	for _, p := range prefixes {
		if p.Addr().Is6() == six {
			ranges = append(ranges, [2]netip.Addr{p.Masked().Addr(), last(p)})
		}
	}
	slices.SortFunc(ranges, func(a, b [2]netip.Addr) int { return a[0].Compare(b[0]) })
	var all [][2]netip.Addr
	for _, r := range ranges {
		end := len(all) - 1
		// Next of the very last address is invalid, which compares less than all others.
		if end >= 0 && (!all[end][1].Next().IsValid() || r[0].Compare(all[end][1].Next()) <= 0) {
			if all[end][1].Less(r[1]) {
				all[end][1] = r[1]
			}
			continue
		}
		all = append(all, r)
	}
	return all
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}
