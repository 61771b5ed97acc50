package killswitch

import (
	"bytes"
	"fmt"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/nft"
)

// Ports of unencrypted name resolution: DNS, multicast DNS, LLMNR.
const portDNS, portMDNS, portLLMNR = 53, 5353, 5355

// transports are the protocols that carry DNS.
var transports = []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP}

// addNames drops queries for the intranet's names. It matches the suffix of the name at every possible offset of a message's
// first question, so it needs no process, no connection tracking and no assumption about the sender.
func addNames(t *nft.Table, outward *nft.Chain, c Config, dropped uint64) error {
	endings := endings(c.Domains)
	if len(endings) == 0 && !c.AllNames {
		return nil
	}
	drop := t.Chain("names-dropped")
	t.Rule(drop, nft.CountFrom(dropped))
	// A TCP connection is reset. Otherwise it would retransmit the query for minutes, and possibly after the kill switch is
	// removed.
	t.Rule(drop, nft.Protocol(unix.IPPROTO_TCP), nft.Reset())
	t.Rule(drop, nft.Refuse())
	chain := t.Chain("names")
	ports, err := t.Ports("names-ports", []uint16{portDNS, portMDNS, portLLMNR})
	if err != nil {
		return err
	}
	for _, transport := range transports {
		t.Rule(outward, nft.GoesToPorts(transport, ports), nft.Jump(chain))
	}
	if !c.AllNames {
		return addEndings(t, chain, drop, endings)
	}
	for _, name := range c.BypassNames {
		if wire := nft.WireName(name); wire != nil {
			t.Uncounted(chain, nft.Protocol(unix.IPPROTO_UDP), nft.AsksOnly(wire), nft.Return())
		}
	}
	all, err := t.Ports("names-all", []uint16{portDNS, portLLMNR})
	if err != nil {
		return err
	}
	for _, transport := range transports {
		t.Uncounted(chain, nft.GoesToPorts(transport, all), nft.Goto(drop))
	}
	return nil
}

// addEndings adds one rule per length and offset.
func addEndings(t *nft.Table, chain, drop *nft.Chain, all []ending) error {
	const most = nft.RegisterSize * nft.Registers
	for i, e := range all {
		var sets []*nft.Set
		for part := 0; part < e.length; part += most {
			set, err := addForms(t, fmt.Sprintf("names-%d-%d", i, part), e, part)
			if err != nil {
				return err
			}
			sets = append(sets, set)
		}
		for at := e.first; at <= e.last; at++ {
			var match nft.Match
			for i, set := range sets {
				part := i * most
				match = append(match, nft.FoldedIn(set, at+part, min(e.length-part, most))...)
			}
			t.Uncounted(chain, match, nft.Goto(drop))
		}
	}
	return nil
}

// addForms adds a set with the endings of one length, or with as many of their bytes as one lookup can compare.
func addForms(t *nft.Table, name string, e ending, part int) (*nft.Set, error) {
	end := min(e.length, part+nft.RegisterSize*nft.Registers)
	kind := nftables.TypeInteger
	kind.Bytes = uint32((end - part + 3) / 4 * 4)
	var keys [][]byte
	for _, form := range e.forms {
		key := append(bytes.Clone(form[part:end]), make([]byte, int(kind.Bytes)-(end-part))...)
		known := false
		for _, k := range keys {
			known = known || bytes.Equal(k, key)
		}
		if !known {
			keys = append(keys, key)
		}
	}
	return t.Set(name, kind, keys)
}
