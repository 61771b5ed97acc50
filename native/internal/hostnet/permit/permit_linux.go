package permit

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/nft"
)

// endpointSets are the sets of endpoints by protocol: the suffix of their name, and the protocol number.
var endpointSets = []struct {
	suffix   string
	protocol Protocol
	number   byte
}{{"-udp", UDP, unix.IPPROTO_UDP}, {"-tcp", TCP, unix.IPPROTO_TCP}}

// Matches adds sets of endpoints of one IP version to a table, and returns matches for packets to them: one per protocol that has
// endpoints.
func Matches(t *nft.Table, name string, all []Endpoint, six bool) ([]nft.Match, error) {
	var matches []nft.Match
	for _, s := range endpointSets {
		var addresses []netip.AddrPort
		for _, e := range all {
			if e.Protocol == s.protocol {
				addresses = append(addresses, e.AddrPort)
			}
		}
		set, err := t.Endpoints(name+s.suffix, addresses, six)
		if err != nil {
			return nil, err
		}
		if set != nil {
			matches = append(matches, nft.GoesToEndpoint(set, six, s.number))
		}
	}
	return matches, nil
}
