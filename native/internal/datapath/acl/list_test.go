package acl

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath/rules"
)

var (
	client4 = netip.MustParseAddr("10.90.0.2")
	client6 = netip.MustParseAddr("fd00:5a9::2")
	clients = []netip.Addr{client4, client6}
)

// everything is a rule that drops all IPv4 traffic from the client, with changes.
func everything(change func(*published)) published {
	r := published{
		Direction: "out", Policy: "drop", Priority: 10, IpProtocol: "ALL", SourceCidr: "0.0.0.0/0", DestCidr: "0.0.0.0/0",
		SourcePortRange: "-1/-1", DestPortRange: "-1/-1",
	}
	if change != nil {
		change(&r)
	}
	return r
}

// to is a packet from the client's port 40000.
func to(protocol, address string, port int) sample {
	p := sample{Direction: "out", Protocol: protocol, Source: client4, Dest: netip.MustParseAddr(address), SourcePort: 40000, DstPort: port, Client: clients}
	if p.Dest.Is6() {
		p.Source = client6
	}
	if protocol != "TCP" && protocol != "UDP" {
		p.SourcePort, p.DstPort = 0, 0
	}
	return p
}

// from is a packet to the client's port 22.
func from(protocol, address string, port int) sample {
	p := to(protocol, address, port)
	p.Direction, p.Source, p.Dest = "in", p.Dest, p.Source
	p.SourcePort, p.DstPort = p.DstPort, 22
	if protocol != "TCP" && protocol != "UDP" {
		p.DstPort = 0
	}
	return p
}

func TestFieldsAndEdges(t *testing.T) {
	set := func(change func(*published)) []published { return []published{everything(change)} }
	accept := func(priority int, change func(*published)) published {
		return everything(func(r *published) {
			r.Policy, r.Priority = "accept", priority
			if change != nil {
				change(r)
			}
		})
	}
	for _, test := range []struct {
		name string
		list []published
		p    sample
		want bool
		by   int
	}{
		{"no rule", nil, to("TCP", "10.0.0.1", 80), true, -1},
		{"drop everything", set(nil), to("TCP", "10.0.0.1", 80), false, 0},
		{"an unknown protocol is in ALL", set(nil), to("SCTP", "10.0.0.1", 0), false, 0},
		{"other direction", set(nil), from("TCP", "10.0.0.1", 80), true, -1},
		{"in", set(func(r *published) { r.Direction = "in" }), from("TCP", "10.0.0.1", 80), false, 0},
		{"in, the source is the remote end", set(func(r *published) { r.Direction, r.SourceCidr = "in", "10.0.0.1/32" }), from("TCP", "10.0.0.1", 80), false, 0},
		{"in, another source", set(func(r *published) { r.Direction, r.SourceCidr = "in", "10.0.0.1/32" }), from("TCP", "10.0.0.2", 80), true, -1},
		{"in, the destination port is the client's", set(func(r *published) { r.Direction, r.IpProtocol, r.DestPortRange = "in", "TCP", "22/22" }), from("TCP", "10.0.0.1", 80), false, 0},
		{"in, the source port is the remote end's", set(func(r *published) { r.Direction, r.IpProtocol, r.SourcePortRange = "in", "TCP", "22/22" }), from("TCP", "10.0.0.1", 80), true, -1},
		{"protocol", set(func(r *published) { r.IpProtocol = "TCP" }), to("TCP", "10.0.0.1", 80), false, 0},
		{"protocol in lower case", set(func(r *published) { r.IpProtocol = "udp" }), to("UDP", "10.0.0.1", 80), false, 0},
		{"another protocol", set(func(r *published) { r.IpProtocol = "TCP" }), to("UDP", "10.0.0.1", 80), true, -1},
		{"ICMP", set(func(r *published) { r.IpProtocol = "ICMP" }), to("ICMP", "10.0.0.1", 0), false, 0},
		{"ICMP over IPv6", set(func(r *published) { r.IpProtocol, r.DestCidr = "ICMP", "fd10::/64" }), to("ICMP", "fd10::1", 0), false, 0},
		{"GRE", set(func(r *published) { r.IpProtocol = "GRE" }), to("GRE", "10.0.0.1", 0), false, 0},
		{"not ICMP", set(func(r *published) { r.IpProtocol = "ICMP" }), to("TCP", "10.0.0.1", 80), true, -1},
		{"first address of a prefix", set(func(r *published) { r.DestCidr = "10.0.4.0/22" }), to("TCP", "10.0.4.0", 80), false, 0},
		{"last address of a prefix", set(func(r *published) { r.DestCidr = "10.0.4.0/22" }), to("TCP", "10.0.7.255", 80), false, 0},
		{"before a prefix", set(func(r *published) { r.DestCidr = "10.0.4.0/22" }), to("TCP", "10.0.3.255", 80), true, -1},
		{"behind a prefix", set(func(r *published) { r.DestCidr = "10.0.4.0/22" }), to("TCP", "10.0.8.0", 80), true, -1},
		{"a prefix with host bits", set(func(r *published) { r.DestCidr = "10.0.5.9/22" }), to("TCP", "10.0.4.1", 80), false, 0},
		{"one address", set(func(r *published) { r.DestCidr = "10.0.0.1/32" }), to("TCP", "10.0.0.1", 80), false, 0},
		{"IPv6 prefix", set(func(r *published) { r.DestCidr = "fd10::/65" }), to("TCP", "fd10::7fff:ffff:ffff:ffff", 80), false, 0},
		{"behind an IPv6 prefix", set(func(r *published) { r.DestCidr = "fd10::/65" }), to("TCP", "fd10::8000:0:0:0", 80), true, -1},
		{"short IPv6 prefix", set(func(r *published) { r.DestCidr = "fd10::/33" }), to("TCP", "fd10:0:7fff::1", 80), false, 0},
		{"behind a short IPv6 prefix", set(func(r *published) { r.DestCidr = "fd10::/33" }), to("TCP", "fd10:0:8000::1", 80), true, -1},
		{"every IPv6 address", set(func(r *published) { r.DestCidr = "::/0" }), to("TCP", "fd10::1", 80), false, 0},
		{"one IPv6 address", set(func(r *published) { r.DestCidr = "fd10::1/128" }), to("TCP", "fd10::1", 80), false, 0},
		{"0.0.0.0/0 is IPv4 only", set(nil), to("TCP", "fd10::1", 80), true, -1},
		{"::/0 is IPv6 only", set(func(r *published) { r.DestCidr = "::/0" }), to("TCP", "10.0.0.1", 80), true, -1},
		{"the client's prefix", set(func(r *published) { r.SourceCidr = "10.90.0.0/31" }), to("TCP", "10.0.0.1", 80), true, -1},
		{"the client's address", set(func(r *published) { r.SourceCidr = "10.90.0.2/32" }), to("TCP", "10.0.0.1", 80), false, 0},
		{"the client's IPv4 address, over IPv6", set(func(r *published) { r.SourceCidr, r.DestCidr = "10.90.0.2/32", "::/0" }), to("TCP", "fd10::1", 80), false, 0},
		{"port range: first", set(func(r *published) { r.IpProtocol, r.DestPortRange = "TCP", "80/90" }), to("TCP", "10.0.0.1", 80), false, 0},
		{"port range: last", set(func(r *published) { r.IpProtocol, r.DestPortRange = "TCP", "80/90" }), to("TCP", "10.0.0.1", 90), false, 0},
		{"port range: before", set(func(r *published) { r.IpProtocol, r.DestPortRange = "TCP", "80/90" }), to("TCP", "10.0.0.1", 79), true, -1},
		{"port range: behind", set(func(r *published) { r.IpProtocol, r.DestPortRange = "TCP", "80/90" }), to("TCP", "10.0.0.1", 91), true, -1},
		{"all ports by number", set(func(r *published) { r.IpProtocol, r.DestPortRange = "UDP", "1/65535" }), to("UDP", "10.0.0.1", 65535), false, 0},
		{"source port", set(func(r *published) { r.IpProtocol, r.SourcePortRange = "TCP", "40000/40000" }), to("TCP", "10.0.0.1", 80), false, 0},
		{"another source port", set(func(r *published) { r.IpProtocol, r.SourcePortRange = "TCP", "1/39999" }), to("TCP", "10.0.0.1", 80), true, -1},
		{"a smaller number first", []published{everything(nil), accept(9, nil)}, to("TCP", "10.0.0.1", 80), true, 1},
		{"a larger number later", []published{accept(11, nil), everything(nil)}, to("TCP", "10.0.0.1", 80), false, 1},
		{"the same priority: the first of the list", []published{accept(10, nil), everything(nil)}, to("TCP", "10.0.0.1", 80), true, 0},
		{"the first that matches", []published{accept(1, func(r *published) { r.DestCidr = "10.9.0.0/16" }), everything(nil)}, to("TCP", "10.0.0.1", 80), false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if want, by := accepts(test.list, test.p); want != test.want || by != test.by {
				t.Errorf("the reference says %v by %d, want %v by %d", want, by, test.want, test.by)
			}
			if got, by := decide(test.list, test.p); got != test.want || by != test.by {
				t.Errorf("got %v by %d, want %v by %d", got, by, test.want, test.by)
			}
		})
	}
}

// decide compiles a list and asks it. It returns the position of the deciding rule in the list.
func decide(list []published, p sample) (allowed bool, by int) {
	all := make([]rules.Rule, len(list))
	for i, r := range list {
		all[i] = r.rule()
		all[i].ID = fmt.Sprint(i)
	}
	l := Compile(all, p.Client)
	d := l.Decide(p.question())
	if d.Rule == NoRule {
		return d.Allowed, -1
	}
	_, _ = fmt.Sscan(l.Rules()[d.Rule].ID, &by)
	return d.Allowed, by
}

func TestNoListAllowsEverything(t *testing.T) {
	var l *List
	if d := l.Decide(to("TCP", "10.0.0.1", 80).question()); !d.Allowed || d.Rule != NoRule || l.Rules() != nil {
		t.Errorf("%+v", d)
	}
}

// In the contract, a rule can have several port ranges.
func TestSeveralPortRanges(t *testing.T) {
	l := Compile([]rules.Rule{{
		Direction: rules.FromClient, Protocol: rules.TCP, Prefix: netip.MustParsePrefix("10.0.0.0/8"), Action: rules.Deny,
		Ports: []rules.PortRange{{First: 80, Last: 81}, {First: 443, Last: 443}}, ClientPorts: []rules.PortRange{{First: 1, Last: 9}, {First: 40000, Last: 50000}},
	}}, clients)
	for port, allowed := range map[int]bool{79: true, 80: false, 81: false, 82: true, 442: true, 443: false, 444: true} {
		if d := l.Decide(to("TCP", "10.0.0.1", port).question()); d.Allowed != allowed {
			t.Errorf("%d: %+v", port, d)
		}
	}
	p := to("TCP", "10.0.0.1", 80)
	p.SourcePort = 10
	if d := l.Decide(p.question()); !d.Allowed {
		t.Errorf("another client port: %+v", d)
	}
}

// A client must not get around a rule by writing the IPv4 address as an IPv6 address.
func TestMappedAddress(t *testing.T) {
	l := Compile([]rules.Rule{everything(nil).rule()}, clients)
	p := to("TCP", "::ffff:10.0.0.1", 80)
	if d := l.Decide(p.question()); d.Allowed {
		t.Error("allowed")
	}
}

// random makes lists and packets in which rules match often.
type random struct{ *rand.Rand }

func (r random) of(texts ...string) string { return texts[r.IntN(len(texts))] }

func (r random) ports() string {
	if r.IntN(2) == 0 {
		return "-1/-1"
	}
	from := 1 + r.IntN(6)
	return fmt.Sprintf("%d/%d", from, from+r.IntN(4))
}

func (r random) prefix() string {
	if r.IntN(3) == 0 {
		return fmt.Sprintf("fd00::%x:%x/%d", r.IntN(2), r.IntN(4), r.IntN(129))
	}
	return fmt.Sprintf("10.0.%d.%d/%d", r.IntN(2), r.IntN(4), r.IntN(33))
}

func (r random) rule() published {
	p := published{
		Direction: r.of("in", "out"), Policy: r.of("accept", "drop"), Priority: 1 + r.IntN(5),
		IpProtocol: r.of("ALL", "TCP", "UDP", "ICMP", "GRE", "tcp"), SourceCidr: r.prefix(), DestCidr: r.prefix(),
		SourcePortRange: "-1/-1", DestPortRange: "-1/-1",
	}
	if p.IpProtocol == "TCP" || p.IpProtocol == "UDP" {
		p.SourcePortRange, p.DestPortRange = r.ports(), r.ports()
	}
	return p
}

func (r random) sample() sample {
	p := sample{Direction: r.of("in", "out"), Protocol: r.of("TCP", "UDP", "ICMP", "GRE", "SCTP")}
	p.Client = []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", r.IntN(4))), netip.MustParseAddr(fmt.Sprintf("fd00::%x", r.IntN(4)))}
	local, remote := p.Client[0], netip.MustParseAddr(fmt.Sprintf("10.0.1.%d", r.IntN(4)))
	if r.IntN(3) == 0 {
		local, remote = p.Client[1], netip.MustParseAddr(fmt.Sprintf("fd00::1:%x", r.IntN(4)))
	}
	p.Source, p.Dest = local, remote
	if p.Direction == "in" {
		p.Source, p.Dest = remote, local
	}
	if p.Protocol == "TCP" || p.Protocol == "UDP" {
		p.SourcePort, p.DstPort = 1+r.IntN(9), 1+r.IntN(9)
	}
	return p
}

func TestAgreesWithReference(t *testing.T) {
	seed := uint64(rand.Int64())
	r := random{rand.New(rand.NewPCG(seed, 0))}
	decided := map[int]bool{}
	for range 20_000 {
		list := make([]published, r.IntN(12))
		for i := range list {
			list[i] = r.rule()
		}
		for range 5 {
			check(t, seed, list, r.sample(), decided)
		}
	}
	if len(decided) < 10 {
		t.Errorf("rules at few positions decided: %v", decided)
	}
}

func check(t *testing.T, seed uint64, list []published, p sample, decided map[int]bool) {
	t.Helper()
	want, wantBy := accepts(list, p)
	got, by := decide(list, p)
	if got != want || by != wantBy {
		t.Fatalf("seed %d: got %v by %d, want %v by %d\n%+v\n%+v", seed, got, by, want, wantBy, list, p)
	}
	decided[by] = true
}

func FuzzAgreesWithReference(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := random{rand.New(rand.NewPCG(a, b))}
		list := make([]published, r.IntN(40))
		for i := range list {
			list[i] = r.rule()
		}
		check(t, a, list, r.sample(), map[int]bool{})
	})
}

// twoHundred is a list of 200 rules whose last one decides, in both address families.
func twoHundred() *List {
	var all []rules.Rule
	for i := range 200 {
		r := rules.Rule{
			Direction: rules.FromClient, Protocol: rules.TCP, Prefix: netip.MustParsePrefix("10.0.0.0/16"), Action: rules.Deny,
			Ports: []rules.PortRange{{First: uint16(i), Last: uint16(i)}}, Priority: uint32(i),
		}
		all = append(all, r)
		r.Prefix = netip.MustParsePrefix("fd10::/64")
		all = append(all, r)
	}
	return Compile(all, clients)
}

func TestDecideDoesNotAllocate(t *testing.T) {
	l := twoHundred()
	for _, address := range []string{"10.0.0.1", "fd10::1"} {
		opened, f := to("TCP", address, 199).question()
		if n := testing.AllocsPerRun(1000, func() {
			if l.Decide(opened, f).Rule < 398 {
				t.Fatal("another rule decided")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", address, n)
		}
	}
}

func BenchmarkDecide200(b *testing.B) {
	l := twoHundred()
	for _, address := range []string{"10.0.0.1", "fd10::1"} {
		b.Run(address, func(b *testing.B) {
			opened, f := to("TCP", address, 199).question()
			b.ReportAllocs()
			for b.Loop() {
				l.Decide(opened, f)
			}
		})
	}
}
