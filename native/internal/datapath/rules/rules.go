// Package rules models what a session's packets may do: the rules of its access list, and its rates.
package rules

import (
	"net/netip"
)

// Direction is that of a packet, as seen from the client. That of a flow is the direction of the packet that opens it.
type Direction uint8

// A rule applies to flows of one direction. Replies to allowed packets are allowed.
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
	// ICMP is ICMP in IPv4 and ICMPv6 in IPv6.
	ICMP
	GRE
)

// Action is what happens to a packet that a rule matches.
type Action uint8

// A flow that no rule matches is allowed.
const (
	Allow Action = iota + 1
	Deny
)

// PortRange is inclusive at both ends.
type PortRange struct{ First, Last uint16 }

// Rule is a rule of an access list. Of the matching rules, the one with the lowest priority number applies, and of these the first.
type Rule struct {
	Direction Direction
	Protocol  Protocol
	// Prefix contains the remote end: the destination of packets from the client, the source of packets to it.
	Prefix netip.Prefix
	// Ports are those of the remote end; none = all. Only TCP and UDP have ports.
	Ports    []PortRange
	Action   Action
	Priority uint32
	// ID is the administrator's, for counters.
	ID string
	// Client contains the client's end; the zero value = any.
	Client netip.Prefix
	// Name restricts the rule to remote ends that the client knows by this name, or, with "*." in front, by a name below it; "" = no
	// restriction. Lower case.
	Name string
	// ClientPorts are those of the client's end; none = all.
	ClientPorts []PortRange
}

// Rates are limits in bit/s, seen from the client; 0 = no limit.
type Rates struct{ Up, Down uint64 }
