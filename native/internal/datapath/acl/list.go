// Package acl enforces an instance's access list on the packets of a client. List is the compiled list, Flows the client's open flows,
// and Stage applies both in the data path.
package acl

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// protocolGRE is the IP protocol number of GRE.
const protocolGRE = 47

// List is a compiled access list. It is immutable. Nil = no list is bound: everything is allowed.
type List struct {
	rules []rules.Rule
	// counters has the counter of each rule; nil = it is not counted.
	counters []*Counter
	// named means that there are rules with names.
	named bool
	// v4 and v6 are the rules in order of priority, by direction and by the address family of the remote end.
	v4 [2][]entry4
	v6 [2][]entry6
}

type entry4 struct {
	prefix, mask uint32
	rest
}

type entry6 struct {
	high, low, highMask, lowMask uint64
	rest
}

// rest is the part of a rule besides the remote prefix, as Decide compares it.
type rest struct {
	// remote and client span the rule's ports. If it has several ranges or a name (exact is false), the rule itself is
	// asked, too.
	remote, client span
	rule           uint32
	// protocols has a bit for each rules.Protocol.
	protocols uint8
	exact     bool
}

// span is the ports from first to first + more.
type span struct{ first, more uint16 }

func (s span) contains(port uint16) bool { return port-s.first <= s.more }

// Flow is what a list matches of a packet, seen from the client.
type Flow struct {
	Remote netip.Addr
	// RemotePort and ClientPort are 0 for protocols without ports.
	RemotePort, ClientPort uint16
	// Protocol is an IP protocol number. ICMPv6 counts as ICMP.
	Protocol uint8
}

// Decision is what a list says about a flow.
type Decision struct {
	Allowed bool
	// Rule is the deciding rule, an index into List.Rules; NoRule = no rule matches, which allows the flow.
	Rule int
}

// NoRule is Decision.Rule if no rule matches.
const NoRule = -1

// Compile compiles the access list of a client with these inner addresses. A rule for clients that include none of the addresses is
// left out. Of rules with the same priority, the first one applies. counters count what the rules decide; nil = nothing is counted.
func Compile(list []rules.Rule, client []netip.Addr, counters *Counters) *List {
	l := &List{}
	for _, r := range list {
		if concerns(r.Client, client) {
			l.rules = append(l.rules, r)
		}
	}
	slices.SortStableFunc(l.rules, func(a, b rules.Rule) int { return int(int64(a.Priority) - int64(b.Priority)) })
	for i, r := range l.rules {
		l.add(uint32(i), r)
		l.counters = append(l.counters, counters.of(r.ID))
	}
	return l
}

func (l *List) add(i uint32, r rules.Rule) {
	end := rest{
		remote: spanOf(r.Ports), client: spanOf(r.ClientPorts), rule: i, protocols: 1 << r.Protocol,
		exact: len(r.Ports) <= 1 && len(r.ClientPorts) <= 1 && r.Name == "",
	}
	l.named = l.named || r.Name != ""
	if r.Protocol == rules.AnyProtocol {
		end.protocols = 0xff
	}
	bits, direction := r.Prefix.Bits(), r.Direction-rules.FromClient
	if address := r.Prefix.Addr(); address.Is4() {
		e := entry4{prefix: number4(address), mask: uint32(uint64(1)<<32 - uint64(1)<<(32-bits)), rest: end}
		e.prefix &= e.mask
		l.v4[direction] = append(l.v4[direction], e)
	} else {
		e := entry6{highMask: ^uint64(0) << max(0, 64-bits), lowMask: ^uint64(0) << min(64, 128-bits), rest: end}
		e.high, e.low = number6(address)
		e.high, e.low = e.high&e.highMask, e.low&e.lowMask
		l.v6[direction] = append(l.v6[direction], e)
	}
}

// concerns is true if the prefix contains one of the client's addresses. The client is meant, not the packet's address, so a rule for
// the client's IPv4 address also applies to its IPv6 traffic.
func concerns(prefix netip.Prefix, client []netip.Addr) bool {
	return !prefix.IsValid() || slices.ContainsFunc(client, prefix.Contains)
}

// counter returns the counter of a rule, as in Decision; nil = there is none.
func (l *List) counter(rule int) *Counter {
	if rule < 0 || rule >= len(l.counters) {
		return nil
	}
	return l.counters[rule]
}

// Rules returns the rules in the order in which they apply. They must not be modified.
func (l *List) Rules() []rules.Rule {
	if l == nil {
		return nil
	}
	return l.rules
}

// Decide decides about a flow that is opened in a direction, of a client that knows no names. It does not allocate.
func (l *List) Decide(opened rules.Direction, f Flow) Decision { return l.decide(opened, f, nil, 0) }

// decide is Decide with the names that the client knows; nil = none.
func (l *List) decide(opened rules.Direction, f Flow, known *names, now time.Duration) Decision {
	if l == nil {
		return Decision{Allowed: true, Rule: NoRule}
	}
	// An IPv4-mapped address reaches the same host as the IPv4 address, so the same rules apply.
	remote, direction := f.Remote.Unmap(), opened-rules.FromClient
	protocol := uint8(1) << protocolOf(f.Protocol)
	if remote.Is4() {
		number, entries := number4(remote), l.v4[direction]
		for i := range entries {
			if e := &entries[i]; (number^e.prefix)&e.mask == 0 && e.matches(protocol, f) && l.isExact(&e.rest, f, known, now) {
				return l.decision(e.rule)
			}
		}
		return Decision{Allowed: true, Rule: NoRule}
	}
	high, low := number6(remote)
	entries := l.v6[direction]
	for i := range entries {
		e := &entries[i]
		if (high^e.high)&e.highMask|(low^e.low)&e.lowMask == 0 && e.matches(protocol, f) && l.isExact(&e.rest, f, known, now) {
			return l.decision(e.rule)
		}
	}
	return Decision{Allowed: true, Rule: NoRule}
}

func (r *rest) matches(protocol uint8, f Flow) bool {
	return r.protocols&protocol != 0 && r.remote.contains(f.RemotePort) && r.client.contains(f.ClientPort)
}

// isExact is false if the ports are between the rule's ranges, or the client does not know the remote end by the rule's name.
func (l *List) isExact(r *rest, f Flow, known *names, now time.Duration) bool {
	if r.exact {
		return true
	}
	rule := &l.rules[r.rule]
	return within(rule.Ports, f.RemotePort) && within(rule.ClientPorts, f.ClientPort) &&
		(rule.Name == "" || known.has(f.Remote.Unmap(), rule.Name, now))
}

func (l *List) decision(rule uint32) Decision {
	return Decision{Allowed: l.rules[rule].Action == rules.Allow, Rule: int(rule)}
}

// protocolOf returns the protocol that rules match; AnyProtocol = one that only rules for all protocols match.
func protocolOf(number uint8) rules.Protocol {
	switch number {
	case packet.TCP:
		return rules.TCP
	case packet.UDP:
		return rules.UDP
	case packet.ICMP:
		return rules.ICMP
	case protocolGRE:
		return rules.GRE
	}
	return rules.AnyProtocol
}

func within(ranges []rules.PortRange, port uint16) bool {
	for _, r := range ranges {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return len(ranges) == 0
}

// spanOf returns the smallest span that contains all of the ranges; none = all ports.
func spanOf(ranges []rules.PortRange) span {
	if len(ranges) == 0 {
		return span{0, 65535}
	}
	first, last := ranges[0].First, ranges[0].Last
	for _, r := range ranges[1:] {
		first, last = min(first, r.First), max(last, r.Last)
	}
	return span{first, last - first}
}

func number4(a netip.Addr) uint32 {
	bytes := a.As4()
	return binary.BigEndian.Uint32(bytes[:])
}

func number6(a netip.Addr) (high, low uint64) {
	bytes := a.As16()
	return binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])
}
