// Package rules is the model of what a session's packets may do: which go where, and how fast. It is shared by the client and
// the access point.
package rules

import (
	"net/netip"
	"slices"
)

// Direction is seen from the client.
type Direction uint8

// A rule holds for one direction; the answers to what is allowed are allowed, too.
const (
	FromClient Direction = iota + 1
	ToClient
)

// Protocol is what a rule matches.
type Protocol uint8

// The zero value matches every protocol.
const (
	AnyProtocol Protocol = iota
	TCP
	UDP
	ICMP
)

// Action is what becomes of a packet that a rule matches.
type Action uint8

// A packet that no rule matches is denied.
const (
	Allow Action = iota + 1
	Deny
)

// PortRange is inclusive at both ends.
type PortRange struct{ First, Last uint16 }

// Rule matches packets by their remote end. Of the rules that match, the one with the lowest priority number decides.
type Rule struct {
	Direction Direction
	Protocol  Protocol
	// Prefix holds the remote end: the destination of what the client sends, the source of what it gets.
	Prefix netip.Prefix
	// Ports are the remote end's; none = all. Only TCP and UDP have ports.
	Ports    []PortRange
	Action   Action
	Priority uint32
}

// AllowTo lets a client reach a prefix, by every protocol and port.
func AllowTo(prefix netip.Prefix) Rule {
	return Rule{Direction: FromClient, Prefix: prefix.Masked(), Action: Allow}
}

// IsDestination is true for a rule that says no more than "the client may reach this prefix".
func (r Rule) IsDestination() bool {
	return r.Direction == FromClient && r.Protocol == AnyProtocol && len(r.Ports) == 0 && r.Action == Allow
}

// Destinations are the prefixes that the rules let a client reach, in order of priority. They describe the rules completely as long
// as each of them IsDestination.
func Destinations(all []Rule) []netip.Prefix {
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b Rule) int { return int(int64(a.Priority) - int64(b.Priority)) })
	prefixes := make([]netip.Prefix, 0, len(ordered))
	for _, r := range ordered {
		if r.IsDestination() {
			prefixes = append(prefixes, r.Prefix)
		}
	}
	return prefixes
}

// Rates are limits in bit/s, seen from the client; 0 = no limit.
type Rates struct{ Up, Down uint64 }
