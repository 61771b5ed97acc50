package sessiontable

import (
	"net/netip"

	"sag.software/native/internal/engine"
	"sag.software/native/internal/msg"
)

// taken maps keys and addresses to session IDs; the access point itself is "". WireGuard would silently move an address to the
// last peer that claims it.
type taken struct {
	keys      map[engine.Key]string
	addresses map[netip.Addr]string
}

func newTaken(probeAddress netip.Addr, sessions map[string]*Session) *taken {
	t := &taken{keys: map[engine.Key]string{}, addresses: map[netip.Addr]string{probeAddress: ""}}
	for _, session := range sessions {
		t.keys[session.Key] = session.ID
		for _, address := range session.Addresses {
			t.addresses[address] = session.ID
		}
	}
	return t
}

func (t *taken) take(session *Session) error {
	if owner, is := t.keys[session.Key]; is {
		return &msg.Error{Message: msg.PeerKeyTaken(owner)}
	}
	for _, address := range session.Addresses {
		if owner, is := t.addresses[address]; is {
			if owner == "" {
				return &msg.Error{Message: msg.PeerAddressOwn(address.String())}
			}
			return &msg.Error{Message: msg.PeerAddressTaken(address.String(), owner)}
		}
	}
	t.keys[session.Key] = session.ID
	for _, address := range session.Addresses {
		t.addresses[address] = session.ID
	}
	return nil
}
