// Package guard keeps an intranet's packets and names from leaving by any way but the tunnel, whether or not a process of
// ours is alive: the kernel holds them back. What is to be held is a Spec; how it is done is each operating system's own.
package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// ErrNotSupported is what systems answer that have no guard yet.
var ErrNotSupported = errors.New("there is no guard yet on this operating system")

// Place is a network on one of the machine's own links.
type Place struct {
	Prefix netip.Prefix `json:"prefix"`
	// Link is empty where every link counts.
	Link string `json:"link,omitempty"`
}

// Spec is what is held back while a session is wanted. Everything it does not speak of goes as it would without.
type Spec struct {
	// Link is the tunnel's: what goes there is inside.
	Link string `json:"link"`
	// Mark is on the engine's packets, which only root may send: with it, and by root's own sockets, the endpoints can be reached.
	Mark uint32 `json:"mark"`
	// Own are the client's inner addresses: what comes in for them by another link is somebody's attempt.
	Own []netip.Addr `json:"own,omitempty"`
	// Inside are the prefixes that leave by the tunnel or not at all. None inside another.
	Inside []netip.Prefix `json:"inside,omitempty"`
	// Endpoints are the access points'. Nobody but the engine reaches them outside.
	Endpoints []netip.AddrPort `json:"endpoints,omitempty"`
	// Cloud is the cloud instance: every program may dial it, by TCP, also where it lies inside.
	Cloud []netip.AddrPort `json:"cloud,omitempty"`
	// Kept are the gateways, DHCP servers and resolvers of the links themselves: what a link needs to work goes there.
	Kept []Place `json:"kept,omitempty"`
	// Beside are networks that stay outside a full tunnel, but for what is Named: the intranet's own.
	Beside []Place        `json:"beside,omitempty"`
	Named  []netip.Prefix `json:"named,omitempty"`
	// Domains are asked for in the tunnel or not at all, with everything below them. Lower case, without a dot at the end.
	Domains []string `json:"domains,omitempty"`
	// Everything: all names are, except those spared.
	Everything bool `json:"everything,omitempty"`
	// Spared are names that are asked for outside all the same: the cloud instance's and the access points' own.
	Spared []string `json:"spared,omitempty"`
	// Found is the digest of a guard of which no more is known than that it was found on the machine.
	Found string `json:"-"`
}

// Digest is the same for two specs exactly if they are the same.
func (s Spec) Digest() string {
	if s.Found != "" {
		return s.Found
	}
	text, err := json.Marshal(s)
	if err != nil {
		// Only values that always can be written are in it.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// String says it for people.
func (s Spec) String() string {
	if s.Found != "" {
		return "of the intranet's packets and names (" + s.Found + ")"
	}
	names := amount(len(s.Domains), "domain", "domains")
	if s.Everything {
		names = "all names"
	}
	return fmt.Sprintf("of %s and %s by %s", amount(len(s.Inside), "prefix", "prefixes"), names, s.Link)
}

func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Found is a guard as it was found on a machine.
type Found struct {
	// Digest is that of its spec; Damaged if somebody else has changed it.
	Digest string
	// Dropped are the packets to intranet addresses and access points that were held back since a guard was first made.
	Dropped uint64
	// Names are the questions for names that were.
	Names uint64
}

// Damaged stands in the place of a digest where a guard is no longer whole.
const Damaged = "damaged"

// Merged are the ranges of addresses that prefixes of one family cover, each from the first to the last, none touching
// another.
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
		// Next of the very last address is invalid, which compares less than all.
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
