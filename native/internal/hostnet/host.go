// Package hostnet is a host's network configuration as system mode changes it: routes, kill switch and DNS together, as steps that a
// journal can hold. Each of them has a package of its own below this one, with one file for each operating system; hostnet/fake is a
// host in memory. What should be done is decided in hostnet/plan, done in hostnet/reconcile, and remembered in hostnet/journal.
package hostnet

import (
	"context"
	"net/netip"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// Host is one host's network configuration. Apply and Undo are idempotent: doing a thing twice is doing it once, undoing what is not
// there is no failure, and undoing never touches what does not carry the tunnel's mark.
type Host interface {
	// Snapshot reads what is there now.
	Snapshot() (Snapshot, error)
	// Apply makes a change. route.ErrConflict if something of another program's is in its place.
	Apply(Change) error
	// Undo takes a change back; false if there was nothing to take back.
	Undo(Change) (bool, error)
	// Leftovers finds everything that carries the tunnel's mark, in the order in which it should be undone. It needs no journal, so a
	// journal that was lost costs nothing but the certainty of having found all.
	Leftovers() ([]Change, error)
	// Changes signals that something may have changed, until the context ends. A burst of changes is one signal.
	Changes(ctx context.Context) (<-chan struct{}, error)
	// BootID is another one after each start of the host.
	BootID() (string, error)
}

// Remover is a Host that can tell which program removes what the tunnel needs.
type Remover interface {
	// LastRemover describes the program that was last seen to do so; empty if none was.
	LastRemover() string
}

// ErrNotSupported is the error on operating systems that system mode is not written for.
var ErrNotSupported = route.ErrNotSupported

// ErrConflict means that something of another program's is where a change should go.
var ErrConflict = route.ErrConflict

// Snapshot is a host's network configuration at one moment.
type Snapshot struct {
	route.Status
	// CanDrop is what the kill switch can do.
	CanDrop killswitch.Capabilities
	// Resolvers are the addresses of the host's name servers, without the tunnel's forwarder.
	Resolvers []netip.Addr
	// DHCPServers are where the leases of the host's links came from.
	DHCPServers []netip.Addr
	// KillSwitch is the one in force; nil if there is none.
	KillSwitch *killswitch.Status
	// Names is how the host's name servers are kept, and what of that is the tunnel's.
	Names dns.Status
}

// PortalLink is the link that a captive portal would be behind: that of the host's best default route. Empty if there is none.
func (s Snapshot) PortalLink() string {
	best := route.Route{}
	for _, r := range s.Routes {
		if r.Owned || r.Scope != route.Host || r.Kind != route.Via || r.Destination.Bits() != 0 || r.Link == "" {
			continue
		}
		if best.Link == "" || r.Metric < best.Metric {
			best = r
		}
	}
	return best.Link
}
