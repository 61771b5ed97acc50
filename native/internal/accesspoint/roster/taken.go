package roster

import (
	"fmt"
	"net/netip"

	"sag.software/native/internal/engine"
)

// taken knows whose the keys and addresses are. WireGuard would silently move an address to the last peer that claims it.
type taken struct {
	keys      map[engine.Key]string
	addresses map[netip.Addr]string
}

func newTaken(probeAddress netip.Addr, sessions map[string]*Session) *taken {
	t := &taken{keys: map[engine.Key]string{}, addresses: map[netip.Addr]string{probeAddress: "the access point itself"}}
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
		return fmt.Errorf("public_key: belongs to %s", owner)
	}
	for _, address := range session.Addresses {
		if owner, is := t.addresses[address]; is {
			return fmt.Errorf("addresses: %s belongs to %s", address, owner)
		}
	}
	t.keys[session.Key] = session.ID
	for _, address := range session.Addresses {
		t.addresses[address] = session.ID
	}
	return nil
}
