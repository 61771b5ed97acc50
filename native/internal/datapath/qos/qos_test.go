package qos

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

func header(protocol uint8, src string, srcPort uint16, dst string, dstPort uint16) *packet.Header {
	h := &packet.Header{
		Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), SrcPort: srcPort, DstPort: dstPort,
		Protocol: protocol, Valid: true, HasTransport: true, Version: 4,
	}
	if h.Src.Is6() {
		h.Version = 6
	}
	return h
}

func policy(protocol rules.Protocol, source, destination string, ports ...rules.PortRange) Policy {
	p := Policy{Protocol: protocol, Source: netip.MustParsePrefix(source), Destination: netip.MustParsePrefix(destination)}
	if len(ports) > 0 {
		p.DestinationPorts = &ports[0]
	}
	if len(ports) > 1 {
		p.SourcePorts = &ports[1]
	}
	return p
}

func TestClassOfAPacket(t *testing.T) {
	const all4, all6 = "0.0.0.0/0", "::/0"
	c := Compile([]Class{
		{Policies: []Policy{
			policy(rules.UDP, all4, "10.0.0.0/8", rules.PortRange{First: 5004, Last: 5005}),
			policy(rules.UDP, all6, all6, rules.PortRange{First: 5004, Last: 5005}),
		}},
		{},
		{Policies: []Policy{
			policy(rules.TCP, "10.90.0.0/24", all4, rules.PortRange{First: 22, Last: 22}, rules.PortRange{First: 1000, Last: 1999}),
			policy(rules.ICMP, all4, all4), policy(rules.ICMP, all6, all6), policy(rules.GRE, all4, all4),
		}},
		{Policies: []Policy{policy(rules.AnyProtocol, all4, "10.3.0.0/16")}},
	})
	fragment := header(packet.UDP, "10.90.0.2", 5004, "10.0.0.1", 5004)
	fragment.Fragment = true
	later := header(packet.TCP, "10.90.0.2", 0, "10.3.0.1", 0)
	later.Fragment, later.HasTransport = true, false
	for name, test := range map[string]struct {
		h    *packet.Header
		want int
	}{
		"to the ports":                         {header(packet.UDP, "10.90.0.2", 40000, "10.0.0.1", 5004), 0},
		"from the ports":                       {header(packet.UDP, "10.0.0.1", 5005, "10.90.0.2", 40000), 0},
		"behind the ports":                     {header(packet.UDP, "10.90.0.2", 40000, "10.0.0.1", 5006), NoClass},
		"before the ports":                     {header(packet.UDP, "10.90.0.2", 40000, "10.0.0.1", 5003), NoClass},
		"not in the prefix":                    {header(packet.UDP, "192.0.2.1", 40000, "192.0.2.2", 5004), NoClass},
		"another protocol":                     {header(packet.TCP, "10.90.0.2", 40000, "10.0.0.1", 5004), NoClass},
		"IPv6":                                 {header(packet.UDP, "fd00::2", 40000, "fd10::1", 5004), 0},
		"an IPv4-mapped address":               {header(packet.UDP, "10.90.0.2", 40000, "::ffff:10.0.0.1", 5004), 0},
		"both ports":                           {header(packet.TCP, "10.90.0.2", 1500, "10.0.0.1", 22), 2},
		"both ports, the answer":               {header(packet.TCP, "10.0.0.1", 22, "10.90.0.2", 1500), 2},
		"the ports exchanged":                  {header(packet.TCP, "10.90.0.2", 22, "10.0.0.1", 1500), NoClass},
		"ping":                                 {header(packet.ICMP, "10.90.0.2", 0, "10.0.0.1", 0), 2},
		"ping over IPv6":                       {header(packet.ICMPv6, "fd00::2", 0, "fd10::1", 0), 2},
		"ICMP of the other IP version":         {header(packet.ICMP, "fd00::2", 0, "fd10::1", 0), NoClass},
		"GRE":                                  {header(47, "10.90.0.2", 0, "10.0.0.1", 0), 2},
		"every protocol":                       {header(132, "10.90.0.2", 0, "10.3.0.1", 0), 3},
		"a former class comes first":           {header(packet.UDP, "10.90.0.2", 1, "10.3.0.1", 5004), 0},
		"a fragment has no ports":              {fragment, NoClass},
		"a fragment matches without ports":     {later, 3},
		"what is no IP packet matches nothing": {&packet.Header{}, NoClass},
	} {
		if got := c.Class(test.h); got != test.want {
			t.Errorf("%s: class %d, want %d", name, got, test.want)
		}
	}
	if Compile([]Class{{}, {}}).Class(fragment) != NoClass {
		t.Error("a packet has a class without policies")
	}
}

// reference matches as the contract says, one condition after the other.
func reference(classes []Class, h *packet.Header) int {
	within := func(ports *rules.PortRange, port uint16) bool {
		return ports == nil || h.HasTransport && !h.Fragment && ports.First <= port && port <= ports.Last
	}
	for i, class := range classes {
		for _, p := range class.Policies {
			number := map[rules.Protocol]uint8{rules.TCP: packet.TCP, rules.UDP: packet.UDP, rules.ICMP: packet.ICMP, rules.GRE: 47}
			if p.Protocol != rules.AnyProtocol && number[p.Protocol] != h.Protocol {
				continue
			}
			to := p.Source.Contains(h.Src) && p.Destination.Contains(h.Dst) && within(p.SourcePorts, h.SrcPort) && within(p.DestinationPorts, h.DstPort)
			back := p.Source.Contains(h.Dst) && p.Destination.Contains(h.Src) && within(p.SourcePorts, h.DstPort) && within(p.DestinationPorts, h.SrcPort)
			if to || back {
				return i
			}
		}
	}
	return NoClass
}

func TestAnyPoliciesAgainstTheReference(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		address := func() string { return fmt.Sprintf("10.0.%d.%d", random.IntN(3), random.IntN(4)) }
		ports := func() *rules.PortRange {
			if random.IntN(2) == 0 {
				return nil
			}
			first := uint16(random.IntN(5))
			return &rules.PortRange{First: first, Last: first + uint16(random.IntN(3))}
		}
		var classes []Class
		for range 1 + random.IntN(4) {
			var class Class
			for range random.IntN(4) {
				p := Policy{
					Protocol:    rules.Protocol(random.IntN(5)),
					Source:      netip.MustParsePrefix(fmt.Sprint(address(), "/", 20+random.IntN(13))),
					Destination: netip.MustParsePrefix(fmt.Sprint(address(), "/", 20+random.IntN(13))),
				}
				if p.Protocol == rules.TCP || p.Protocol == rules.UDP {
					p.SourcePorts, p.DestinationPorts = ports(), ports()
				}
				class.Policies = append(class.Policies, p)
			}
			classes = append(classes, class)
		}
		c := Compile(classes)
		for range 300 {
			h := header([]uint8{packet.TCP, packet.UDP, packet.ICMP, 47, 132}[random.IntN(5)], address(), uint16(random.IntN(7)), address(), uint16(random.IntN(7)))
			if random.IntN(8) == 0 {
				h.Fragment = true
			}
			if got, want := c.Class(h), reference(classes, h); got != want {
				t.Fatalf("seed %d: %v is of class %d, want %d of %+v", seed, h, got, want, classes)
			}
		}
	}
}

// many makes as many policies as the contract allows, none of which matches.
func many() *Classifier {
	var classes []Class
	for range 7 {
		var class Class
		for i := range 128 {
			class.Policies = append(class.Policies, policy(rules.TCP, "0.0.0.0/0", fmt.Sprintf("10.1.%d.0/24", i), rules.PortRange{First: 80, Last: 90}))
		}
		classes = append(classes, class)
	}
	return Compile(classes)
}

func TestClassDoesNotAllocate(t *testing.T) {
	c, h := many(), header(packet.TCP, "10.90.0.2", 40000, "10.0.0.1", 443)
	if n := testing.AllocsPerRun(1000, func() { c.Class(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkClass(b *testing.B) {
	c, h := many(), header(packet.TCP, "10.90.0.2", 40000, "10.0.0.1", 443)
	for b.Loop() {
		c.Class(h)
	}
}
