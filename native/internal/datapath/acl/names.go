package acl

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// maxAddresses limits the addresses that are known by their names, of one client. A new one replaces the one that was learned first.
	maxAddresses = 128
	// maxNameBytes limits the names of these addresses together, bytes.
	maxNameBytes = 8 << 10
	// leastTTL is how long an address is known at least: programs use it for some time after the answer.
	leastTTL = 30 * time.Second
	// mostTTL limits how long it is known.
	mostTTL = 24 * time.Hour
)

// names are the addresses that the name servers have given a client, with their names. The zero value is empty.
type names struct {
	known map[netip.Addr]*named
	// order has the addresses in the order in which they were learned.
	order []netip.Addr
	bytes int
}

type named struct {
	names []string
	until time.Duration
}

// learn notes an answer.
func (n *names) learn(a answered, now time.Duration) {
	until := now + min(max(a.ttl, leastTTL), mostTTL)
	if former := n.known[a.address]; former != nil {
		// An address can have several names, each with an answer of its own.
		if former.until > now {
			for _, name := range former.names {
				if !slices.Contains(a.names, name) && len(a.names) < 2*maxChain {
					a.names = append(a.names, name)
				}
			}
			until = max(until, former.until)
		}
		n.forget(a.address)
	}
	for len(n.order) > 0 && (len(n.order) >= maxAddresses || n.bytes+sizeOf(a.names) > maxNameBytes) {
		n.forget(n.order[0])
	}
	if n.known == nil {
		n.known = map[netip.Addr]*named{}
	}
	n.known[a.address] = &named{names: a.names, until: until}
	n.order = append(n.order, a.address)
	n.bytes += sizeOf(a.names)
}

func (n *names) forget(address netip.Addr) {
	former := n.known[address]
	if former == nil {
		return
	}
	n.bytes -= sizeOf(former.names)
	delete(n.known, address)
	n.order = slices.DeleteFunc(n.order, func(a netip.Addr) bool { return a == address })
}

func sizeOf(names []string) (sum int) {
	for _, name := range names {
		sum += len(name)
	}
	return sum
}

// has is true if the client knows an address by a name that the pattern matches.
func (n *names) has(address netip.Addr, pattern string, now time.Duration) bool {
	if n == nil {
		return false
	}
	known := n.known[address]
	return known != nil && known.until >= now && slices.ContainsFunc(known.names, func(name string) bool { return matchesName(pattern, name) })
}

// matchesName is true if a pattern matches a name: "*.corp.example" matches names below corp.example, at any depth, but not itself.
func matchesName(pattern, name string) bool {
	if parent, below := strings.CutPrefix(pattern, "*"); below {
		return len(name) > len(parent) && strings.HasSuffix(name, parent)
	}
	return name == pattern
}
