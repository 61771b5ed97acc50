// Package mtu has the sizes of packets inside a tunnel that client and access point agree on.
package mtu

import "slices"

const (
	// Floor is what every path carries, bytes: the least that IPv6 asks of a link (RFC 8200, section 5).
	Floor = 1280
	// Ceiling is what a path of 1,500 bytes carries over IPv6, bytes: less 40 for IPv6, 8 for UDP, and Overhead.
	Ceiling = 1420
	// Overhead is what WireGuard adds to an inner packet, bytes: a header of 16 and a tag of 16.
	Overhead = 32
	// padding: WireGuard lengthens an inner packet to a multiple of this, bytes, but not beyond Ceiling.
	padding = 16
)

// sizes are what is worth trying, the largest first: because of the padding, a packet with a size in between would be sent with the
// next one.
var sizes = func() []int {
	all := []int{Ceiling}
	for size := Ceiling / padding * padding; size > Floor; size -= padding {
		all = append(all, size)
	}
	return all
}()

// Above are the sizes larger than one, the largest first.
func Above(size int) []int {
	n := slices.IndexFunc(sizes, func(s int) bool { return s <= size })
	if n < 0 {
		n = len(sizes)
	}
	return slices.Clone(sizes[:n])
}

// Clamp brings what another machine says into the range.
func Clamp(size int) int { return min(max(size, Floor), Ceiling) }
