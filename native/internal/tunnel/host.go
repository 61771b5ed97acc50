package tunnel

import (
	"errors"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// ErrNotTrusted means that an intranet must not change the host's settings because no administrator trusts it. It ends a
// running session.
var ErrNotTrusted = errors.New("the intranet is not trusted on this host")

// Host is the host's network in system mode: the packets of every program. It carries one tunnel at a time.
type Host interface {
	// Attach opens a TUN link and routes the intranet's packets to it. Settings of a former Attach stay until the new ones
	// are in place.
	Attach(*session.Session, session.Cloud) (datapath.Device, error)
	// Update applies a renewed session to the current link.
	Update(*session.Session) error
	// SetMTU changes the MTU of the current link, bytes. A new link starts with mtu.Floor.
	SetMTU(int) error
	// Reach allows the engine, and no other program, to reach an endpoint that was given by name and has just been
	// resolved.
	Reach(*session.Session, session.Endpoint) error
	// Look compares the host's settings with the plan and restores what is missing, because change notifications may have
	// been missed.
	Look()
	// EndConnections ends the host's connections through the tunnel, because the new access point has no state for them.
	EndConnections(*session.Session)
	// Leave closes the link before another Attach; the kill switch and blackhole routes stay.
	Leave()
	// Detach restores the host's settings, also those that a former process changed.
	Detach() error
	// Holds is true while the intranet's packets can only leave through the link.
	Holds() bool
	// Warnings are problems on the host that do not stop the tunnel.
	Warnings() []session.Warning
	// Trouble is why the intranet's packets are not routed through the link although they should be; nil if they are.
	Trouble() *failure.Failure
	// State lists the host settings that belong to the tunnel, as last read; nil if there are none.
	State() *HostState
	// Changed sets the function to call when Warnings, Holds, Trouble or State may have changed. It is called from any
	// goroutine.
	Changed(func())
	// CountDropped adds the drop counters of the kill switch and of lockdown.
	CountDropped(*KillSwitchState)
	// Mark is the fwmark of the engine's outer packets and of the tunnel's connections to the cloud.
	Mark() uint32
}
