package plan

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/fake"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/route"
)

// Small address spaces, so that networks overlap often.
func drawPrefix(t *rapid.T, name string) netip.Prefix {
	if rapid.IntRange(0, 3).Draw(t, name+" six") == 0 {
		a := [16]byte{0xfd, 0, 0, rapid.Byte().Draw(t, name+" a")}
		return netip.PrefixFrom(netip.AddrFrom16(a), rapid.IntRange(16, 40).Draw(t, name+" bits")).Masked()
	}
	a := [4]byte{10, rapid.ByteRange(0, 3).Draw(t, name+" b"), rapid.ByteRange(0, 7).Draw(t, name+" c"), rapid.Byte().Draw(t, name+" d")}
	return netip.PrefixFrom(netip.AddrFrom4(a), rapid.IntRange(8, 31).Draw(t, name+" bits")).Masked()
}

func drawAddress(t *rapid.T, name string, near []netip.Prefix) netip.Addr {
	if len(near) > 0 && rapid.Bool().Draw(t, name+" near") {
		p := rapid.SampledFrom(near).Draw(t, name+" in")
		bytes := p.Addr().AsSlice()
		for i := range bytes {
			random := rapid.Byte().Draw(t, name)
			for bit := range 8 {
				if i*8+bit >= p.Bits() && random&(0x80>>bit) != 0 {
					bytes[i] |= 0x80 >> bit
				}
			}
		}
		a, _ := netip.AddrFromSlice(bytes)
		return a
	}
	return drawPrefix(t, name+" far").Addr()
}

func drawHost(t *rapid.T, scopes bool) hostnet.Snapshot {
	s := hostnet.Snapshot{CanDrop: killswitch.Packets}
	if scopes {
		s.Capabilities |= route.Scopes
	}
	if rapid.IntRange(0, 4).Draw(t, "ipv6") > 0 {
		s.Capabilities |= route.IPv6
	}
	s.Links = append(s.Links, route.LinkStatus{Name: "eth0", Up: true})
	for i := range rapid.IntRange(0, 4).Draw(t, "networks") {
		p := drawPrefix(t, "network")
		s.Routes = append(s.Routes, route.Route{Destination: p, Kind: route.Via, Link: "eth0", Metric: uint32(i)})
		if rapid.Bool().Draw(t, "gateway there") {
			gateway := drawAddress(t, "gateway", []netip.Prefix{p})
			all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
			if gateway.Is6() {
				all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
			}
			s.Routes = append(s.Routes, route.Route{Destination: all, Kind: route.Via, Link: "eth0", Gateway: gateway, Metric: uint32(100 + i)})
		}
		if rapid.Bool().Draw(t, "resolver there") {
			s.Resolvers = append(s.Resolvers, drawAddress(t, "resolver", []netip.Prefix{p}))
		}
	}
	if scopes && rapid.Bool().Draw(t, "route elsewhere") {
		s.Routes = append(s.Routes, route.Route{Scope: route.Elsewhere, Destination: drawPrefix(t, "elsewhere"), Kind: route.Via, Link: "eth0"})
	}
	return s
}

func drawIntranet(t *rapid.T) Intranet {
	in := Intranet{
		MTU: 1400, Full: rapid.IntRange(0, 4).Draw(t, "full") == 0,
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.255.0.9/32"), netip.MustParsePrefix("fdff::9/128")},
	}
	for range rapid.IntRange(0, 5).Draw(t, "routes") {
		in.Routes = append(in.Routes, drawPrefix(t, "route"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "servers") {
		in.Servers = append(in.Servers, drawAddress(t, "server", in.Routes))
	}
	for range rapid.IntRange(0, 1).Draw(t, "outside") {
		in.CloudAddrs = append(in.CloudAddrs, drawAddress(t, "outside", in.Routes))
	}
	for range rapid.IntRange(0, 2).Draw(t, "endpoints") {
		in.Endpoints = append(in.Endpoints, permit.Endpoint{Protocol: rapid.SampledFrom(permit.Protocols).Draw(t, "protocol"), AddrPort: netip.AddrPortFrom(drawAddress(t, "endpoint", in.Routes), 443)})
	}
	return in
}

// For every address, on both kinds of systems: the intranet's are tunneled, all others are routed as before, and so are the
// engine's own packets.
func TestEveryAddressIsRoutedAsPlanned(t *testing.T) {
	for _, policy := range []bool{true, false} {
		name := map[bool]string{true: "by scope", false: "by length"}[policy]
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { checkWays(t, policy) }) })
	}
}

func checkWays(t *rapid.T, policy bool) {
	before := drawHost(t, policy)
	in := drawIntranet(t)
	n, err := Choose(before, "sag")
	if err != nil {
		t.Fatal(err)
	}
	p := Make(in, n, before)
	machine := fake.New(before)
	machine.Link(n.Link)
	for _, c := range p.Changes {
		if err := machine.Apply(c); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
	after, _ := machine.Snapshot()
	w := &work{in: in, n: n, at: before, prefixes: Prefixes(in, before)}
	spared := w.exceptions()
	networks := slices.Clone(in.Routes)
	if policy {
		networks = append(networks, w.localNets()...)
	}
	for _, r := range before.Routes {
		networks = append(networks, r.Destination)
	}
	for range 30 {
		to := drawAddress(t, "to", networks)
		if !policy && slices.ContainsFunc(neverTunneled, func(p netip.Prefix) bool { return p.Contains(to) }) {
			// On systems with one table the interface has routes for these, which are not modelled.
			continue
		}
		was, could := fake.Way(before, to, false)
		is, can := fake.Way(after, to, false)
		local := slices.ContainsFunc(w.localNets(), func(p netip.Prefix) bool { return p.Contains(to) })
		beaten := slices.ContainsFunc(p.Unbeaten, func(r route.Route) bool { return r.Destination.Contains(to) })
		tunneled := w.tunneled(to) && !slices.Contains(spared, to) && (!local || slices.Contains(in.Servers, to)) && !beaten
		if tunneled && is.Link != n.Link {
			t.Fatalf("%s should go into the tunnel, goes %v", to, is)
		}
		if !tunneled && policy && (is != was || can != could) {
			t.Fatalf("%s should go %v as before, goes %v", to, was, is)
		}
		if !tunneled && !policy && could && (is.Link != was.Link || is.Gateway != was.Gateway) {
			t.Fatalf("%s should go %v as before, goes %v", to, was, is)
		}
		// The kill switch agrees with the routes for every address, and enforces what routes only prefer.
		if tunneled && machine.Leaves(to, "eth0") {
			t.Fatalf("%s may leave by another link", to)
		}
		// Only the engine may reach access points.
		endpoint := slices.ContainsFunc(in.Endpoints, func(e permit.Endpoint) bool { return e.AddrPort.Addr() == to })
		outside := !tunneled && !endpoint && could && is.Kind == route.Via && is.Link != n.Link && (to.Is4() || before.Capabilities.Has(route.IPv6))
		if outside && !beaten && !machine.Leaves(to, is.Link) {
			t.Fatalf("%s is routed by %v and dropped there", to, is)
		}
		marked, _ := fake.Way(after, to, true)
		unmarked, _ := fake.Way(before, to, true)
		if policy && marked != unmarked {
			t.Fatalf("the engine's packets to %s go %v, went %v", to, marked, unmarked)
		}
	}
	// When the link disappears with its process, no intranet packet is routed elsewhere.
	machine.Kill(n.Link)
	for range 10 {
		to := drawAddress(t, "orphan", in.Routes)
		is, _ := machine.Way(to)
		if policy && w.tunneled(to) && !slices.Contains(spared, to) && is.Kind != route.Unreachable && !slices.ContainsFunc(w.localNets(), func(p netip.Prefix) bool { return p.Contains(to) }) {
			t.Fatalf("without a link %s leaves by %v", to, is)
		}
	}
	// After undoing everything in reverse order, the host is as before.
	for _, c := range slices.Backward(p.Changes) {
		if _, err := machine.Undo(c); err != nil {
			t.Fatal(err)
		}
	}
	end, _ := machine.Snapshot()
	if !slices.Equal(end.Routes, before.Routes) || !slices.Equal(end.Steering, before.Steering) {
		t.Fatalf("not as before: %v %v", end.Routes, end.Steering)
	}
}

func TestChoose(t *testing.T) {
	at := hostnet.Snapshot{}
	at.Links = []route.LinkStatus{{Name: "sag0"}}
	n, err := Choose(at, "sag")
	if err != nil || n.Link != "sag1" {
		t.Fatalf("%+v %v", n, err)
	}
	at.Blocked, at.Rival = true, "tun7"
	if _, err := Choose(at, "sag"); !errors.Is(err, ErrNoRoomBefore) || !strings.Contains(err.Error(), "tun7") {
		t.Fatal(err)
	}
}

func TestOverlapsNameKeptAddresses(t *testing.T) {
	must := netip.MustParsePrefix
	at := hostnet.Snapshot{
		Status: route.Status{Capabilities: route.Scopes | route.IPv6, Routes: []route.Route{
			{Destination: must("10.1.2.0/24"), Kind: route.Via, Link: "wlan0"},
			{Destination: must("0.0.0.0/0"), Kind: route.Via, Link: "wlan0", Gateway: netip.MustParseAddr("10.1.2.1")},
			{Destination: must("172.17.0.0/16"), Kind: route.Via, Link: "docker0"},
		}},
		Resolvers:   []netip.Addr{netip.MustParseAddr("10.1.2.53"), netip.MustParseAddr("10.9.9.9")},
		DHCPServers: []netip.Addr{netip.MustParseAddr("10.1.2.2")},
	}
	p := Make(Intranet{Routes: []netip.Prefix{must("10.0.0.0/8")}, MTU: 1400}, Choice{Link: "sag0"}, at)
	if len(p.Overlaps) != 1 {
		t.Fatalf("%+v", p.Overlaps)
	}
	o := p.Overlaps[0]
	want := []netip.Addr{netip.MustParseAddr("10.1.2.1"), netip.MustParseAddr("10.1.2.2"), netip.MustParseAddr("10.1.2.53")}
	if o.Link != "wlan0" || o.Prefix != must("10.1.2.0/24") || !slices.Equal(o.Kept, want) {
		t.Fatalf("%+v", o)
	}
}
