// Package rules models what a session's packets may do: where they may go, and how fast. Client and access point share it.
package rules

import (
	"net/netip"
	"slices"
)

// Direction is that of a packet, as seen from the client.
type Direction uint8

// A rule applies to one direction. Replies to allowed packets are allowed.
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

// Action is what happens to a packet that a rule matches.
type Action uint8

// A packet that no rule matches is denied.
const (
	Allow Action = iota + 1
	Deny
)

// PortRange is inclusive at both ends.
type PortRange struct{ First, Last uint16 }

// Rule matches packets by their remote end. Of the matching rules, the one with the lowest priority number applies.
type Rule struct {
	Direction Direction
	Protocol  Protocol
	// Prefix contains the remote end: the destination of packets from the client, the source of packets to it.
	Prefix netip.Prefix
	// Ports are those of the remote end; none = all. Only TCP and UDP have ports.
	Ports    []PortRange
	Action   Action
	Priority uint32
}

// AllowTo returns a rule that allows a client to reach a prefix, by every protocol and port.
func AllowTo(prefix netip.Prefix) Rule {
	return Rule{Direction: FromClient, Prefix: prefix.Masked(), Action: Allow}
}

// IsDestination is true for a rule that only allows the client to reach its prefix.
func (r Rule) IsDestination() bool {
	return r.Direction == FromClient && r.Protocol == AnyProtocol && len(r.Ports) == 0 && r.Action == Allow
}

// Destinations returns the prefixes that the rules allow a client to reach, in order of priority. They are equivalent to the
// rules only if IsDestination is true for each rule.
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
