package tunnel

import (
	"net/netip"

	"sag.software/native/internal/engine/probe"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/tunnel/session"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
)

// Host is the machine as system mode uses it: every program's packets come from it and go to it. It has one tunnel at a time.
type Host interface {
	// Attach makes a link to the machine and turns the intranet's packets to it. What a former Attach left in force stays so
	// until the new holds.
	Attach(*profile.Profile, session.Cloud) (probe.Device, error)
	// Update takes a changed profile to a link that stays.
	Update(*profile.Profile) error
	// Reach lets the engine, and nobody else, talk to an endpoint that was given by name.
	Reach(*profile.Profile, netip.AddrPort) error
	// Look has it looked at what is on the machine, and mended: nobody may have told of a change.
	Look()
	// EndConnections ends the machine's connections through the tunnel: what is at their other end knows nothing of them.
	EndConnections(*profile.Profile)
	// Leave gives a link up, to be followed by another Attach: what holds the intranet's packets back stays in force.
	Leave()
	// Detach gives the machine back as it was, also from what a former process left.
	Detach() error
	// Holds is true while intranet packets go by the link or not at all.
	Holds() bool
	// Warnings are what is not whole on the machine.
	Warnings() []*typesv1.Warning
	// Trouble is why intranet packets do not go by the link, though it should be so; nil if they do.
	Trouble() *typesv1.Failure
	// Machine is the machine as it was found: what is ours on it; nil if nothing is.
	Machine() *tunnelv1.Machine
	// Changed is where to call when Warnings, Holds, Trouble or Machine may have changed. It is called from any goroutine.
	Changed(func())
	// CountGuard fills in what the guard has held back by now.
	CountGuard(*tunnelv1.Guard)
	// Mark is put on the outer packets of the engine and of our own connections to the cloud.
	Mark() uint32
}
