// Package system is the part of the machine that system mode changes: links, addresses, routes and rules. There is one
// neutral file for each matter, one file for each operating system beside it, and a fake in system/fake. Nothing here decides
// what should be done (system/plan does) or remembers what was (system/journal does).
package system

import (
	"context"
	"errors"
	"net/netip"

	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/guard"
)

// Machine is one machine's network configuration. Apply and Undo are idempotent: doing twice is doing once, undoing what is
// not there is no failure, and undoing never touches what does not carry our mark of ownership.
type Machine interface {
	// Snapshot reads what is there now.
	Snapshot() (Snapshot, error)
	// Apply makes a change. ErrConflict if something that is not ours is in its place.
	Apply(Change) error
	// Undo takes a change back, and says whether there was anything to take back.
	Undo(Change) (bool, error)
	// Leftovers finds everything that carries our mark, in the order in which it should be undone. It needs no journal, so a
	// journal that was lost costs nothing but the certainty of having found all.
	Leftovers() ([]Change, error)
	// Changes tells that something may have changed, until the context ends. Bursts are told as one.
	Changes(ctx context.Context) (<-chan struct{}, error)
	// BootID is another one after each start of the machine.
	BootID() (string, error)
}

// Witness is a Machine that can tell who else changes it.
type Witness interface {
	// Culprit is who took away a route or rule of ours last, in words; empty if that is not known.
	Culprit() string
}

// ErrNotSupported is what systems answer that system mode was not written for yet.
var ErrNotSupported = errors.New("system mode is not supported yet on this operating system")

// ErrConflict means that something that is not ours is where a change should go.
var ErrConflict = errors.New("something that is not ours is in its place")

// Abilities are what differs from system to system in how routes can be told apart.
type Abilities struct {
	// PolicyRouting: tables and rules that look at a packet's mark. Without it, prefixes have to win by being longer.
	PolicyRouting bool
	// IPv6 is switched on.
	IPv6 bool
	// Guard: packets can be held back, whoever is alive.
	Guard bool
}

// Found is a link that was found.
type Found struct {
	Name string
	// Kind as the system calls it: "tun", "bridge", "wireguard", "" for a physical one.
	Kind string
	Up   bool
	// Ours is true if it carries our mark of ownership.
	Ours      bool
	MTU       int
	Addresses []netip.Prefix
}

// Snapshot is a machine's network configuration at one moment.
type Snapshot struct {
	Abilities Abilities
	Links     []Found
	Routes    []Route
	Rules     []Rule
	// Resolvers are the addresses that names are asked at, without those of ours.
	Resolvers []netip.Addr
	// DHCPServers are where leases of this machine's links came from.
	DHCPServers []netip.Addr
	// Guard is ours; nil if there is none.
	Guard *guard.Found
	// Names is who is asked for names, and what of that is ours.
	Names dns.Found
}

// Tunnel is the tunnel's link; empty if there is none.
func (s Snapshot) Tunnel() string {
	for _, l := range s.Links {
		if l.Ours {
			return l.Name
		}
	}
	return ""
}

// MainTable is where everybody's routes are; 0 on systems without several tables.
func (s Snapshot) MainTable() uint32 {
	if s.Abilities.PolicyRouting {
		return 254
	}
	return 0
}

// Link finds a link by name.
func (s Snapshot) Link(name string) (Found, bool) {
	for _, l := range s.Links {
		if l.Name == name {
			return l, true
		}
	}
	return Found{}, false
}
