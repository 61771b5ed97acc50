package sessiontable

import (
	"net/netip"
	"slices"
	"time"

	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/engine"
)

// Session is a client's session that is in force.
type Session struct {
	// ID is 32 hexadecimal digits.
	ID           string
	Key          engine.Key
	PresharedKey engine.PresharedKey
	// Addresses are the client's inner addresses.
	Addresses []netip.Addr
	// Destinations are the prefixes that the client may exchange packets with, as far as the access list allows it; none = nothing.
	Destinations []netip.Prefix
	// Rules are the access list; none = it allows everything.
	Rules []rules.Rule
	// RulesID identifies Rules: sessions with the same one have the same rules. "" = it is not known.
	RulesID string
	// Resolvers are the name servers whose answers count for rules with names.
	Resolvers []netip.Addr
	// Rates limit the client's traffic, together with that of other sessions with the same SharedRate.
	Rates      rules.Rates
	SharedRate string
	// Instance is the SAG instance, and FlowLog the ID of the flow log by which its flows are recorded; "" = none.
	Instance, FlowLog string
	// Ends is when the lease ends, on the table's clock.
	Ends        time.Duration
	Incarnation uint32
}

// samePeer is true if the WireGuard configuration of both is the same.
func (s *Session) samePeer(other *Session) bool {
	return s.Key == other.Key && s.PresharedKey == other.PresharedKey && slices.Equal(s.Addresses, other.Addresses)
}

func (s *Session) peer() engine.PeerConfig {
	peer := engine.PeerConfig{PublicKey: s.Key, PresharedKey: s.PresharedKey}
	for _, address := range s.Addresses {
		peer.AllowedIPs = append(peer.AllowedIPs, netip.PrefixFrom(address, address.BitLen()))
	}
	return peer
}
