package acl

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
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
	p := sample{Direction: "out", Protocol: protocol, Source: client4, Dest: netip.MustParseAddr(address), SourcePort: 40000, DestPort: port, Client: clients}
	if p.Dest.Is6() {
		p.Source = client6
	}
	if protocol != "TCP" && protocol != "UDP" {
		p.SourcePort, p.DestPort = 0, 0
	}
	return p
}

// cases are shared with the cloud, which explains decisions (cloud/domain/acl/match.test.ts). The client has the addresses in `clients`.
func cases(t *testing.T) (all []sharedCase) {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 {
		t.Fatalf("%d cases, %v", len(all), err)
	}
	return all
}

type sharedCase struct {
	Name    string
	Rules   []published
	Flow    sample
	Allowed bool
	// By is the position of the deciding rule, -1 = none.
	By int
}

func TestFieldsAndEdges(t *testing.T) {
	for _, test := range cases(t) {
		t.Run(test.Name, func(t *testing.T) {
			test.Flow.Client = clients
			if want, by := accepts(test.Rules, test.Flow); want != test.Allowed || by != test.By {
				t.Errorf("the reference says %v by %d, want %v by %d", want, by, test.Allowed, test.By)
			}
			if got, by := decide(test.Rules, test.Flow); got != test.Allowed || by != test.By {
				t.Errorf("got %v by %d, want %v by %d", got, by, test.Allowed, test.By)
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
	l := Compile(all, p.Client, nil)
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
	}}, clients, nil)
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
	l := Compile([]rules.Rule{everything(nil).rule()}, clients, nil)
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
		p.SourcePort, p.DestPort = 1+r.IntN(9), 1+r.IntN(9)
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

// twoHundred is a list of 200 rules, none of which matches, in both address families.
func twoHundred() *List { return Compile(twoHundredRules(), clients, nil) }

func twoHundredRules() (all []rules.Rule) {
	for i := range 200 {
		r := rules.Rule{
			Direction: rules.FromClient, Protocol: rules.TCP, Prefix: netip.MustParsePrefix("10.0.0.0/16"), Action: rules.Deny,
			Ports: []rules.PortRange{{First: uint16(i), Last: uint16(i)}}, Priority: uint32(i),
		}
		all = append(all, r)
		r.Prefix = netip.MustParsePrefix("fd10::/64")
		all = append(all, r)
	}
	return all
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
