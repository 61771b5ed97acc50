// Package qos models the bandwidth of a SAG instance and its classes of traffic, and finds the class of a packet.
package qos

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// Instance is a SAG instance. Its limits apply to each direction.
type Instance struct {
	ID string
	// Bandwidth is bit/s; 0 = no limit.
	Bandwidth uint64
	// Classes are in order of priority.
	Classes []Class
}

// Class is a class of traffic.
type Class struct {
	// ID is the administrator's, for counters.
	ID string
	// Rate is guaranteed and Ceiling is the most, bit/s; 0 = none.
	Rate, Ceiling uint64
	// Policies match the packets of the class.
	Policies []Policy
}

// Policy matches packets by their 5-tuple. It matches both directions of a flow, whichever end opened it.
type Policy struct {
	Protocol            rules.Protocol
	Source, Destination netip.Prefix
	// SourcePorts and DestinationPorts are nil for all ports. Fragments have no ports: only policies for all ports match them.
	SourcePorts, DestinationPorts *rules.PortRange
}

// NoClass is the class of a packet that no policy matches.
const NoClass = -1

// protocolGRE is the IP protocol number of GRE.
const protocolGRE = 47

// Classifier is the compiled policies of an instance. It is immutable. Nil has none.
type Classifier struct {
	v4 []entry4
	v6 []entry6
}

// entry4 and entry6 are the policies of an IP version, as Class compares them.
type entry4 struct {
	source, sourceMask, destination, destinationMask uint32
	rest
}

type entry6 struct {
	source, destination netip.Prefix
	rest
}

// rest is the part of a policy besides its prefixes.
type rest struct {
	sourcePorts, destinationPorts span
	class                         int32
	protocol                      rules.Protocol
	// ports is true if the policy is not for all ports.
	ports bool
}

// span is the ports from first to first + more.
type span struct{ first, more uint16 }

func (s span) contains(port uint16) bool { return port-s.first <= s.more }

func spanOf(r *rules.PortRange) span {
	if r == nil {
		return span{0, 65535}
	}
	return span{r.First, r.Last - r.First}
}

// Compile compiles the policies of classes; nil if there are none.
func Compile(classes []Class) *Classifier {
	c := &Classifier{}
	for i, class := range classes {
		for _, p := range class.Policies {
			c.add(int32(i), p)
		}
	}
	if len(c.v4)+len(c.v6) == 0 {
		return nil
	}
	return c
}

// add adds a policy, unless its prefixes are of different IP versions, so that it matches nothing.
func (c *Classifier) add(class int32, p Policy) {
	r := rest{
		sourcePorts: spanOf(p.SourcePorts), destinationPorts: spanOf(p.DestinationPorts),
		class: class, protocol: p.Protocol, ports: p.SourcePorts != nil || p.DestinationPorts != nil,
	}
	switch source, destination := p.Source.Masked(), p.Destination.Masked(); {
	case source.Addr().Is4() && destination.Addr().Is4():
		c.v4 = append(c.v4, entry4{number(source.Addr()), mask(source), number(destination.Addr()), mask(destination), r})
	case source.Addr().Is6() && destination.Addr().Is6():
		c.v6 = append(c.v6, entry6{source, destination, r})
	}
}

func number(a netip.Addr) uint32 {
	bytes := a.As4()
	return binary.BigEndian.Uint32(bytes[:])
}

func mask(p netip.Prefix) uint32 { return uint32(uint64(1)<<32 - uint64(1)<<(32-p.Bits())) }

// Class returns the index of the class with the first policy that matches, NoClass if none does. It does not allocate.
func (c *Classifier) Class(h *packet.Header) int {
	if c == nil {
		return NoClass
	}
	// An IPv4-mapped address reaches the same host as the IPv4 address.
	src, dst, protocol, known := h.Src.Unmap(), h.Dst.Unmap(), protocolOf(h), h.HasTransport && !h.Fragment
	switch {
	case src.Is4() && dst.Is4():
		src, dst := number(src), number(dst)
		for i := range c.v4 {
			e := &c.v4[i]
			to := (src^e.source)&e.sourceMask|(dst^e.destination)&e.destinationMask == 0
			back := (dst^e.source)&e.sourceMask|(src^e.destination)&e.destinationMask == 0
			if (to || back) && e.matches(h, protocol, known, to, back) {
				return int(e.class)
			}
		}
	case src.Is6() && dst.Is6():
		for i := range c.v6 {
			e := &c.v6[i]
			to := e.source.Contains(src) && e.destination.Contains(dst)
			back := e.source.Contains(dst) && e.destination.Contains(src)
			if (to || back) && e.matches(h, protocol, known, to, back) {
				return int(e.class)
			}
		}
	}
	return NoClass
}

// matches compares the rest of a policy with a packet whose addresses match in the policy's direction (to) or in the opposite one (back).
func (r *rest) matches(h *packet.Header, protocol rules.Protocol, known, to, back bool) bool {
	switch {
	case r.protocol != rules.AnyProtocol && r.protocol != protocol:
		return false
	case !r.ports:
		return true
	case !known:
		return false
	}
	return to && r.sourcePorts.contains(h.SrcPort) && r.destinationPorts.contains(h.DstPort) ||
		back && r.sourcePorts.contains(h.DstPort) && r.destinationPorts.contains(h.SrcPort)
}

// protocolOf returns the protocol that policies match; AnyProtocol = one that only policies for all protocols match.
func protocolOf(h *packet.Header) rules.Protocol {
	switch {
	case h.Protocol == packet.TCP:
		return rules.TCP
	case h.Protocol == packet.UDP:
		return rules.UDP
	case h.IsICMP():
		return rules.ICMP
	case h.Protocol == protocolGRE:
		return rules.GRE
	}
	return rules.AnyProtocol
}
