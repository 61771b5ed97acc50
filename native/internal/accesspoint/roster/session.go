// Package roster holds the sessions that the cloud wants served here, and works out what has to change in the engine. It
// is pure: messages and times go in, changes come out.
package roster

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/engine"
)

// Session is one client's session as it is in force here.
type Session struct {
	// ID is 32 hexadecimal digits.
	ID           string
	Key          engine.Key
	PresharedKey engine.PresharedKey
	// Addresses are the client's inner ones.
	Addresses []netip.Addr
	// Destinations are where it may go.
	Destinations []netip.Prefix
	// Bandwidth each way, bit/s; 0 = uncapped.
	Bandwidth uint64
	// Ends is when the lease is over, on the roster's clock.
	Ends        time.Duration
	Incarnation uint32
}

const (
	idLength        = 32
	maxAddresses    = 4
	maxDestinations = 1024
	maxLease        = 31 * 24 * time.Hour
)

// parse checks what the cloud sent. The limits are the contract's, checked by hand: the generic validator costs 11 MB.
func parse(peer *accesspointv1.Peer, now time.Duration) (*Session, error) {
	s := &Session{ID: peer.GetSessionId(), Bandwidth: peer.GetBandwidth(), Incarnation: peer.GetIncarnation()}
	if !isID(s.ID) {
		return nil, fmt.Errorf("session_id: must be %d lower-case hexadecimal digits", idLength)
	}
	var err error
	if s.Key, err = engine.ParseKey(peer.GetPublicKey()); err != nil {
		return nil, fmt.Errorf("public_key: %w", err)
	}
	if s.PresharedKey, err = engine.ParsePresharedKey(peer.GetPresharedKey()); err != nil || s.PresharedKey.IsZero() {
		return nil, errors.New("preshared_key: must be 32 random bytes")
	}
	if s.Addresses, err = parseAddresses(peer.GetAddresses()); err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	if s.Destinations, err = parseDestinations(peer.GetDestinations()); err != nil {
		return nil, fmt.Errorf("destinations: %w", err)
	}
	lease := peer.GetLease().AsDuration()
	if peer.GetLease().CheckValid() != nil || lease <= 0 || lease > maxLease {
		return nil, fmt.Errorf("lease: must be above 0 and at most %s", maxLease)
	}
	s.Ends = now + lease
	return s, nil
}

func isID(id string) bool {
	if len(id) != idLength {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func parseAddresses(texts []string) ([]netip.Addr, error) {
	if len(texts) == 0 || len(texts) > maxAddresses {
		return nil, fmt.Errorf("must be 1 to %d", maxAddresses)
	}
	var addresses []netip.Addr
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		address := prefix.Addr()
		if !prefix.IsSingleIP() {
			return nil, fmt.Errorf("%s: must be a single address", text)
		}
		if !address.IsGlobalUnicast() || address.Is4In6() || slices.Contains(addresses, address) {
			return nil, fmt.Errorf("%s: cannot be a client's address", text)
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func parseDestinations(texts []string) ([]netip.Prefix, error) {
	if len(texts) > maxDestinations {
		return nil, fmt.Errorf("must be at most %d", maxDestinations)
	}
	destinations := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		destinations = append(destinations, prefix.Masked())
	}
	return destinations, nil
}

// samePeer tells whether WireGuard would not notice the difference.
func (s *Session) samePeer(other *Session) bool {
	return s.Key == other.Key && s.PresharedKey == other.PresharedKey && slices.Equal(s.Addresses, other.Addresses)
}

func (s *Session) peer() engine.Peer {
	peer := engine.Peer{PublicKey: s.Key, PresharedKey: s.PresharedKey}
	for _, address := range s.Addresses {
		peer.AllowedIPs = append(peer.AllowedIPs, netip.PrefixFrom(address, address.BitLen()))
	}
	return peer
}
