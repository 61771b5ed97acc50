package tunnel

import (
	"errors"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// ErrNotTrusted means that the host's settings must not follow a session, because no administrator trusts the intranet. It ends a session
// that is up.
var ErrNotTrusted = errors.New("the intranet is not trusted on this machine")

// Host is the network of the host as system mode uses it: the packets of every program. It carries one tunnel at a time.
type Host interface {
	// Attach makes a link and routes the intranet's packets to it. What a former Attach left in force stays so until the new holds.
	Attach(*session.Session, session.Cloud) (datapath.Device, error)
	// Update puts a renewed session in force on the link that there is.
	Update(*session.Session) error
	// Reach lets the engine, and no other program, talk to an endpoint that was given by name and whose address is known now.
	Reach(*session.Session, session.Endpoint) error
	// Look compares the host with the plan and puts back what is missing, because a change may not have been reported.
	Look()
	// EndConnections ends the host's connections through the tunnel: what is at their other end knows nothing of them.
	EndConnections(*session.Session)
	// Leave gives a link up, to be followed by another Attach: what holds the intranet's packets back stays in force.
	Leave()
	// Detach restores the host's settings, also those that a former process changed.
	Detach() error
	// Holds is true while the intranet's packets go through the link or not at all.
	Holds() bool
	// Warnings are what is wrong on the host though the tunnel is up.
	Warnings() []session.Warning
	// Trouble is why the intranet's packets do not go through the link although they should; nil if they do.
	Trouble() *failure.Failure
	// State is what of the host's settings is the tunnel's, as it was found; nil if nothing is.
	State() *HostState
	// Changed is what to call when Warnings, Holds, Trouble or State may have changed. It is called from any goroutine.
	Changed(func())
	// CountDropped fills in what the kill switch and lockdown have dropped by now.
	CountDropped(*KillSwitchState)
	// Mark is put on the outer packets of the engine and of the tunnel's connections to the cloud.
	Mark() uint32
}
