// Package policy decides where a client's traffic may go. It is pure: all its input is in the arguments.
package policy

import (
	"net/netip"
)

// Protocol of a flow.
type Protocol string

const (
	TCP  Protocol = "tcp"
	UDP  Protocol = "udp"
	Echo Protocol = "icmp-echo" // with port 0
)

// Verdict is what to do with a flow.
type Verdict uint8

const (
	// Prohibited: the client may not reach the destination (ICMP "administratively prohibited").
	Prohibited Verdict = iota
	// Refused: the address is published, but not at this port.
	Refused
	// Forwarded: forwarded by the host to the same destination.
	Forwarded
	// Published: connected to Decision.Target instead; for Echo, answered by the access point.
	Published
)

// Decision is the outcome. Reason is for logs.
type Decision struct {
	Verdict Verdict
	Target  Target
	Reason  string
}

// Host are the host's addresses and the product's own services, which clients must not reach.
type Host struct {
	// Interfaces are the addresses of the host's interfaces, with their prefix lengths.
	Interfaces []netip.Prefix
	// Services are the cloud instance and the access point's endpoints as clients know them.
	Services []netip.AddrPort
}

// Policy applies to all clients of an access point.
type Policy struct {
	// Published maps destinations to other targets.
	Published Publications
	// Allowed are prefixes that an operator has allowed although they are restricted. They never include loopback.
	Allowed []netip.Prefix
}

// Query is one flow to decide on.
type Query struct {
	Protocol Protocol
	To       netip.AddrPort
	// Destinations are the prefixes that the client may reach.
	Destinations []netip.Prefix
	// IsClient is true for inner addresses of clients and access points.
	IsClient func(netip.Addr) bool
	Host     Host
}

// Decide returns what to do with a flow.
func (p Policy) Decide(q Query) Decision {
	// An IPv4-mapped address reaches the same host as the IPv4 address, so the same rules apply.
	to := netip.AddrPortFrom(q.To.Addr().Unmap(), q.To.Port())
	if !contains(q.Destinations, to.Addr()) {
		return Decision{Reason: "not among the session's destinations"}
	}
	if target, ok := p.Published.find(q.Protocol, to); ok {
		return Decision{Verdict: Published, Target: target}
	}
	if p.Published.has(to.Addr()) {
		if q.Protocol == Echo {
			return Decision{Verdict: Published}
		}
		return Decision{Verdict: Refused, Reason: "nothing is published at this port"}
	}
	if reason := alwaysRefused(to.Addr()); reason != "" {
		return Decision{Reason: reason}
	}
	if contains(p.Allowed, to.Addr()) {
		return Decision{Verdict: Forwarded}
	}
	if reason := q.restricted(to); reason != "" {
		return Decision{Reason: reason}
	}
	for _, v4 := range embedded(to.Addr()) {
		if reason := q.refusedEmbedded(netip.AddrPortFrom(v4, to.Port())); reason != "" && !contains(p.Allowed, v4) {
			return Decision{Reason: "leads to an IPv4 address: " + reason}
		}
	}
	return Decision{Verdict: Forwarded}
}

// refusedEmbedded returns why an embedded IPv4 address is refused, "" = it is not.
func (q Query) refusedEmbedded(v4 netip.AddrPort) string {
	if reason := alwaysRefused(v4.Addr()); reason != "" {
		return reason
	}
	return q.restricted(v4)
}

// alwaysRefused returns why an address can be reached only if it is published, "" = it is no such address.
func alwaysRefused(to netip.Addr) string {
	switch {
	case to.IsLoopback():
		return "loopback"
	case to.IsUnspecified(), isThisNetwork(to):
		return "unspecified" // the kernel treats it as the host itself
	case to.IsMulticast():
		return "multicast"
	case to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "broadcast"
	}
	return ""
}

// restricted returns why an address is refused unless an operator has allowed it, "" = it is not.
func (q Query) restricted(to netip.AddrPort) string {
	if to.Addr().IsLinkLocalUnicast() {
		return "link-local" // most metadata services of clouds are here
	}
	if isMetadata(to.Addr()) {
		return "a cloud's metadata service"
	}
	if q.IsClient(to.Addr()) {
		return "another client"
	}
	for _, own := range q.Host.Interfaces {
		if own.Addr().Unmap() == to.Addr() {
			return "the access point's host"
		}
		if own.Contains(to.Addr()) && isBroadcast(own, to.Addr()) {
			return "broadcast"
		}
	}
	for _, service := range q.Host.Services {
		if service.Addr().Unmap() == to.Addr() && service.Port() == to.Port() {
			return "the service itself"
		}
	}
	return ""
}

func contains(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// isThisNetwork is true for 0.0.0.0/8.
func isThisNetwork(a netip.Addr) bool { return a.Is4() && a.As4()[0] == 0 }

// isBroadcast is true for the last address of an IPv4 network.
func isBroadcast(network netip.Prefix, a netip.Addr) bool {
	if !a.Is4() || network.Bits() >= 31 {
		return false
	}
	b := a.As4()
	for bit := network.Bits(); bit < 32; bit++ {
		if b[bit/8]>>(7-bit%8)&1 == 0 {
			return false
		}
	}
	return true
}
