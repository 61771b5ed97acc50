package lockdown

import (
	"reflect"
	"slices"
)

// merged adds clouds to known ones. For a known cloud it puts new addresses first.
func merged(known, fresh []Cloud) []Cloud {
	all := slices.Clone(known)
	for _, c := range fresh {
		at := slices.IndexFunc(all, func(k Cloud) bool { return k.Host == c.Host && k.Port == c.Port })
		if at < 0 {
			all = append(all, c)
			continue
		}
		addresses := slices.Clone(all[at].Addresses)
		for _, a := range slices.Backward(c.Addresses) {
			if !slices.Contains(addresses, a) {
				addresses = slices.Insert(addresses, 0, a)
			}
		}
		all[at].Addresses = addresses[:min(len(addresses), maxAddresses)]
	}
	// The last ones are those in use.
	return all[max(0, len(all)-maxClouds):]
}

func (r record) same(other record) bool { return reflect.DeepEqual(r, other) }

func sorted[T comparable](all []T, compare func(a, b T) int) []T {
	all = slices.Clone(all)
	slices.SortFunc(all, compare)
	return slices.Compact(all)
}
