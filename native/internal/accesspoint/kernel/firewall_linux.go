package kernel

import (
	"github.com/google/nftables"

	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/nft"
)

// firewall is the name of the access point's nftables table.
type firewall string

// protect drops packets from clients to the host itself, for whatever addresses the host has. With NAT it masquerades the
// clients' packets. Where forwarding was off before, packets not from or to clients are still dropped. The table outlives a
// killed process, because the forwarding setting that it restricts does too; the next process replaces it.
func protect(tun string, config Config, switched []Change) (firewall, error) {
	name := marks.AccessPointTablePrefix + tun
	err := nft.Rebuild(name, func(t *nft.Table) error {
		input := t.Filter("input", nftables.ChainHookInput, 0)
		for _, allowed := range config.Policy.Allowed {
			t.Uncounted(input, nft.CameBy(tun), nft.GoesTo(allowed), nft.Accept())
		}
		t.Uncounted(input, nft.CameBy(tun), nft.Drop())
		forwarded := t.Base("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, *nftables.ChainPriorityMangle)
		for _, c := range switched {
			t.Uncounted(forwarded, nft.Family(c.IPv6), nft.PassesNone(devicePrefix), nft.Drop())
		}
		if config.Mode == NAT {
			t.Uncounted(forwarded, nft.CameBy(tun), nft.SetMark(marks.AccessPointClients))
			outward := t.Base("outward", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, *nftables.ChainPriorityNATSource)
			t.Uncounted(outward, nft.Marked(marks.AccessPointClients), nft.Masquerade())
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return firewall(name), nil
}

// close removes the table, if it exists.
func (f firewall) close() error {
	_, err := nft.Remove(string(f))
	return err
}
