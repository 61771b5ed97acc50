package lockdown

import (
	"time"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/nft"
)

// countedChains are the chains whose rules are counted to detect changes by others.
var countedChains = []string{"output", "forward", "dropped"}

// discovery are the ICMPv6 types of neighbour discovery and multicast listener discovery, which every IPv6 link needs.
var discovery = []byte{130, 131, 132, 133, 134, 135, 136, 143}

type firewall struct{}

// System returns this host's firewall: the nftables table marks.LockdownTable of the process's network namespace.
func System() Firewall { return firewall{} }

// Capabilities implements Firewall.
func (firewall) Capabilities() Capabilities { return DropsAll | Persists | Portals }

// InForce implements Firewall.
func (firewall) InForce() (*InForce, error) {
	found, err := nft.Inspect(marks.LockdownTable, countedChains...)
	if err != nil || found == nil {
		return nil, err
	}
	return &InForce{Digest: found.Digest, Dropped: found.Packets("dropped")}, nil
}

// Set implements Firewall. An open captive-portal exception stays open for its remaining time.
func (firewall) Set(r Rules) error {
	return nft.Update(marks.LockdownTable, r.Digest(), countedChains, nil, func(t *nft.Table, former *nft.Found) error {
		return build(t, r, former.Packets("dropped"))
	})
}

// Clear implements Firewall.
func (firewall) Clear() (bool, error) { return nft.Remove(marks.LockdownTable) }

// OpenPortal implements Firewall.
func (firewall) OpenPortal(link string, duration time.Duration) error {
	return captive.Open(link, duration)
}

// Portal implements Firewall.
func (firewall) Portal() (*captive.Exception, error) { return captive.Find() }

// build writes the rules. The counter of dropped packets continues from the former lockdown's.
func build(t *nft.Table, r Rules, formerlyDropped uint64) error {
	dropped := t.Chain("dropped")
	t.Rule(dropped, nft.CountFrom(formerlyDropped), nft.Refuse())
	output := t.Filter("output", nftables.ChainHookOutput, marks.AfterFilters)
	forward := t.Filter("forward", nftables.ChainHookForward, marks.AfterFilters)
	for _, chain := range []*nft.Chain{output, forward} {
		t.Rule(chain, nft.StaysHere(), nft.Accept())
		// Only root can create links, so another program cannot use this exception.
		t.Rule(chain, nft.LeavesByPrefix(r.Links), nft.Accept())
	}
	for _, six := range []bool{false, true} {
		toEndpoints, err := permit.Matches(t, "endpoints", r.Endpoints, six)
		if err != nil {
			return err
		}
		for _, to := range toEndpoints {
			t.Rule(output, nft.Marked(marks.TunnelTraffic), nft.OfRoot(), to, nft.Accept())
		}
		toCloud, err := permit.Matches(t, "cloud", r.Cloud, six)
		if err != nil {
			return err
		}
		for _, to := range toCloud {
			t.Rule(output, to, nft.Accept())
		}
	}
	// DHCP of both IP versions.
	t.Rule(output, nft.BetweenPorts(unix.IPPROTO_UDP, 68, 67), nft.Accept())
	t.Rule(output, nft.BetweenPorts(unix.IPPROTO_UDP, 546, 547), nft.Accept())
	if err := addDiscovery(t, output); err != nil {
		return err
	}
	const dns = 53
	for _, name := range r.BypassNames {
		if wire := nft.WireName(name); wire != nil {
			t.Rule(output, nft.GoesToPort(unix.IPPROTO_UDP, dns), nft.AsksOnly(wire), nft.Accept())
		}
	}
	toPortal, err := captive.Matches(t)
	if err != nil {
		return err
	}
	for _, to := range toPortal {
		t.Rule(output, to, nft.Accept())
	}
	t.Rule(output, nft.Goto(dropped))
	t.Rule(forward, nft.Goto(dropped))
	return nil
}

func addDiscovery(t *nft.Table, output *nft.Chain) error {
	var keys [][]byte
	for _, kind := range discovery {
		keys = append(keys, []byte{kind})
	}
	types, err := t.Set("discovery", nftables.TypeICMP6Type, keys)
	if err != nil {
		return err
	}
	t.Rule(output, nft.ICMPv6(types), nft.Accept())
	return nil
}
