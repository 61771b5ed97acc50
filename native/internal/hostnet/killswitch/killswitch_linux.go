package killswitch

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/nft"
)

// countedChains are the chains whose rules are counted to detect changes by others. The chains for DNS names have too many rules
// to be read each time.
var countedChains = []string{"output", "forward", "input", "engine", "outward", "tunneled", "dropped", "names-dropped"}

// Ports of DNS, of DHCP of both IP versions, and of NTP, which a link's gateway, DHCP servers and resolvers may serve. HTTP is
// not included: a DHCP server could announce the address of an intranet server as its own (TunnelCrack LocalNet, CVE-2023-36672).
var (
	linkUDP = []uint16{53, 67, 123, 547}
	linkTCP = []uint16{53}
)

// maxDirect is the number of access points up to which each of the engine's packets is compared with them in turn, which takes
// half the time of a set lookup.
const maxDirect = 4

type firewall struct{}

// System returns this host's kill switch: the nftables table marks.KillSwitchTable of the process's network namespace.
func System() KillSwitch { return firewall{} }

// Capabilities implements KillSwitch.
func (firewall) Capabilities() Capabilities { return Packets | Queries | Persists }

// Status implements KillSwitch.
func (firewall) Status() (*Status, error) {
	found, err := nft.Inspect(marks.KillSwitchTable, countedChains...)
	if err != nil || found == nil {
		return nil, err
	}
	s := status(found)
	return &s, nil
}

func status(found *nft.Found) Status {
	return Status{Digest: found.Digest, Dropped: found.Packets("dropped"), DroppedQueries: found.Packets("names-dropped")}
}

// Set implements KillSwitch.
func (firewall) Set(c Config) error {
	ahead := func(t *nft.Table) error { return addIntervalSets(t, c) }
	return nft.Update(marks.KillSwitchTable, c.Digest(), countedChains, ahead, func(t *nft.Table, former *nft.Found) error {
		return build(t, c, status(former))
	})
}

// Clear implements KillSwitch.
func (f firewall) Clear(c Config) (bool, error) {
	found, err := f.Status()
	if err != nil || found == nil || found.Digest != c.Digest() {
		return false, err
	}
	return nft.Remove(marks.KillSwitchTable)
}

// versions are the IP versions: IPv4, IPv6.
var versions = []bool{false, true}

// addIntervalSets adds the sets that must exist before the rules that refer to them.
func addIntervalSets(t *nft.Table, c Config) (err error) {
	for _, six := range versions {
		for name, prefixes := range map[string][]netip.Prefix{"tunneled": c.Tunneled, "included": c.IncludedNets} {
			_, failed := t.Prefixes(name, prefixes, six)
			err = errors.Join(err, failed)
		}
	}
	return err
}

// build writes the rules. The counters continue from the former kill switch's.
func build(t *nft.Table, c Config, former Status) error {
	dropped := t.Chain("dropped")
	t.Rule(dropped, nft.CountFrom(former.Dropped), nft.Refuse())
	tunneled := t.Chain("tunneled")
	outward := t.Chain("outward")
	engine := t.Chain("engine")
	for _, six := range versions {
		if err := engineOnly(t, engine, outward, dropped, c, six); err != nil {
			return err
		}
	}
	toPortal, err := captive.Matches(t)
	if err != nil {
		return err
	}
	// With a full tunnel, the addresses and name of a captive portal would be dropped.
	if c.AllNames || slices.ContainsFunc(c.Tunneled, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
		for _, match := range toPortal {
			t.Rule(outward, match, nft.Accept())
		}
	}
	// This comes first, so that the resolvers of the host's links do not get queries for the intranet's names either.
	if err := addNames(t, outward, c, former.DroppedQueries); err != nil {
		return err
	}
	for _, six := range versions {
		set, err := t.Prefixes("tunneled", c.Tunneled, six)
		if err != nil {
			return err
		}
		if set != nil {
			t.Rule(outward, nft.GoesInto(set, six), nft.Goto(tunneled))
		}
	}
	if err := addExceptions(t, tunneled, dropped, c, toPortal); err != nil {
		return err
	}
	t.Rule(tunneled, nft.Goto(dropped))

	output := t.Filter("output", nftables.ChainHookOutput, marks.AfterFilters)
	forward := t.Filter("forward", nftables.ChainHookForward, marks.AfterFilters)
	// Most packets are the engine's, so their mark is checked first.
	t.Rule(output, nft.Marked(marks.TunnelTraffic), nft.Jump(engine))
	for _, chain := range []*nft.Chain{output, forward} {
		t.Rule(chain, nft.StaysHere(), nft.Accept())
		t.Rule(chain, nft.LeavesBy(c.Link), nft.Accept())
		t.Rule(chain, nft.Jump(outward))
	}
	// A reply to a packet from the LAN to a tunnel address would reveal connections in the tunnel (CVE-2019-14899).
	input := t.Filter("input", nftables.ChainHookInput, marks.AfterFilters)
	for _, a := range c.TunnelAddrs {
		t.Rule(input, nft.GoesTo(netip.PrefixFrom(a, a.BitLen())), nft.CameByNeither(c.Link), nft.Count(), nft.Drop())
	}
	return nil
}

// engineOnly lets only the engine reach the access points outside the tunnel (Mullvad's audit, MUL-02-002).
func engineOnly(t *nft.Table, engine, outward, dropped *nft.Chain, c Config, six bool) error {
	toEndpoints, err := permit.Matches(t, "endpoints", c.Endpoints, six)
	if err != nil || len(toEndpoints) == 0 {
		return err
	}
	if !six && len(c.Endpoints) <= maxDirect {
		for _, e := range c.Endpoints {
			if e.Addr().Is4() {
				t.Rule(engine, nft.GoesToExactly(netip.AddrPortFrom(e.Addr(), e.AddrPort.Port())), nft.OfRoot(), nft.Accept())
			}
		}
	}
	for _, to := range toEndpoints {
		t.Rule(engine, to, nft.OfRoot(), nft.Accept())
		t.Rule(outward, to, nft.Goto(dropped))
	}
	return nil
}

// addExceptions accepts packets to exceptions within tunneled prefixes.
func addExceptions(t *nft.Table, tunneled, dropped *nft.Chain, c Config, toPortal []nft.Match) error {
	for _, six := range versions {
		toCloud, err := permit.Matches(t, "cloud", c.Cloud, six)
		if err != nil {
			return err
		}
		for _, to := range toCloud {
			t.Rule(tunneled, to, nft.Accept())
		}
	}
	if err := addLinkServices(t, tunneled, c, toPortal); err != nil || len(c.LocalNets) == 0 {
		return err
	}
	for _, six := range versions {
		included, err := t.Prefixes("included", c.IncludedNets, six)
		if err != nil {
			return err
		}
		if included != nil {
			t.Rule(tunneled, nft.GoesInto(included, six), nft.Goto(dropped))
		}
	}
	for _, n := range c.LocalNets {
		t.Rule(tunneled, toNet(n), nft.Accept())
	}
	return nil
}

// addLinkServices accepts the protocols that a link needs, to its own gateway, DHCP servers and resolvers.
func addLinkServices(t *nft.Table, tunneled *nft.Chain, c Config, toPortal []nft.Match) error {
	if len(c.LinkServices) == 0 {
		return nil
	}
	link := t.Chain("link")
	udp, err := t.Ports("link-udp", linkUDP)
	if err != nil {
		return err
	}
	tcp, err := t.Ports("link-tcp", linkTCP)
	if err != nil {
		return err
	}
	for _, match := range []nft.Match{
		nft.Protocol(unix.IPPROTO_ICMP), nft.Protocol(unix.IPPROTO_ICMPV6),
		nft.GoesToPorts(unix.IPPROTO_UDP, udp), nft.GoesToPorts(unix.IPPROTO_TCP, tcp),
	} {
		// This chain is not in countedChains, so its rules are not counted by t.
		t.Uncounted(link, match, nft.Count(), nft.Accept())
	}
	for _, n := range c.LinkServices {
		t.Rule(tunneled, toNet(n), nft.Jump(link))
		for _, match := range toPortal {
			t.Rule(tunneled, toNet(n), match, nft.Accept())
		}
	}
	return nil
}

func toNet(n Net) nft.Match {
	if n.Link == "" {
		return nft.GoesTo(n.Prefix)
	}
	return slices.Concat(nft.LeavesBy(n.Link), nft.GoesTo(n.Prefix))
}
