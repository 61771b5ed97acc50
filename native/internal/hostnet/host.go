// Package hostnet changes a host's network configuration for system mode: routes, kill switch and DNS, as changes that a journal
// can store. Each has a package below this one, with one file per operating system; hostnet/fake is a host in memory.
// hostnet/plan decides what to change, hostnet/reconcile applies it, and hostnet/journal stores it.
package hostnet

import (
	"context"
	"net/netip"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// Host is a host's network configuration. Apply and Undo are idempotent: undoing what is not there is no error, and undoing never
// affects what does not carry the tunnel's mark.
type Host interface {
	// Snapshot reads the current configuration.
	Snapshot() (Snapshot, error)
	// Apply makes a change. It returns route.ErrConflict if another program's entry is in its place.
	Apply(Change) error
	// Undo undoes a change. It returns false if there was nothing to undo.
	Undo(Change) (bool, error)
	// Leftovers finds everything that carries the tunnel's mark, in the order in which it should be undone. It does not need the
	// journal, so it also works after the journal was lost.
	Leftovers() ([]Change, error)
	// Changes signals that something may have changed, until the context ends. A burst of changes gives one signal.
	Changes(ctx context.Context) (<-chan struct{}, error)
	// BootID is different after each start of the host.
	BootID() (string, error)
}

// Remover is a Host that can identify the program that removes what the tunnel needs.
type Remover interface {
	// LastRemover describes the program that last did so; empty if none was seen.
	LastRemover() string
}

// ErrNotSupported is returned on operating systems without system mode.
var ErrNotSupported = route.ErrNotSupported

// ErrConflict means that another program's entry is where a change should be made.
var ErrConflict = route.ErrConflict

// Snapshot is a host's network configuration at one moment.
type Snapshot struct {
	route.Status
	// CanDrop are the capabilities of the kill switch.
	CanDrop killswitch.Capabilities
	// Resolvers are the addresses of the host's name servers, without the tunnel's forwarder.
	Resolvers []netip.Addr
	// DHCPServers are the servers that the leases of the host's links came from.
	DHCPServers []netip.Addr
	// KillSwitch is the kill switch in force; nil if there is none.
	KillSwitch *killswitch.Status
	// Names is the host's DNS configuration, including the tunnel's part.
	Names dns.Status
}

// PortalLink returns the link that a captive portal would be on: that of the host's best default route. Empty if there is none.
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
