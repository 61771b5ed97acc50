package tunnel

import (
	"log/slog"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// Carrier carries a session's traffic on this host: for the proxies of one user, or for every program in system mode. The
// choice is made when the tunnel is created. Only the loop calls its methods.
type Carrier interface {
	Mode() Mode
	// Mark is the fwmark of the engine's outer packets and of the tunnel's connections to the cloud; 0 = none.
	Mark() uint32
	// Open opens the listeners that a session needs. It fails if a requested port is in use, unless it is only preferred.
	Open(ProxyOptions) error
	// Begin discards a former session's link, traffic counters and settings.
	Begin(why *failure.Failure)
	// Carry applies a session: on the current link if it fits, else on a new one. After a refusedError the session has to
	// end.
	Carry(*session.Session, terms) error
	// Link is the current WireGuard link; nil if there is none.
	Link() *link
	// SetMTU changes the tunnel's MTU, bytes. A new link starts with mtu.Floor.
	SetMTU(int) error
	// Reach allows the engine, and no other program, to reach an endpoint that was given by name.
	Reach(*session.Session, session.Endpoint) error
	// EndConnections ends the connections through a former access point, which cannot continue at the new one.
	EndConnections(*session.Session)
	// ProbeConnections ends the connections that the access point no longer has state for.
	ProbeConnections()
	// SetUp sets whether the tunnel is up, and why it is not.
	SetUp(up bool, why *failure.Failure)
	// Withdraw restores the host's settings. It is called repeatedly while no session is wanted and must be cheap then.
	Withdraw(why *failure.Failure)
	// CheckHost compares the host's settings with the plan and repairs them, because change notifications may have been
	// missed.
	CheckHost()
	// Trouble is why the intranet's packets are not routed through the tunnel although they should be; nil if they are.
	Trouble() *failure.Failure
	// HoldsPackets is true while the intranet's packets can only leave through the tunnel.
	HoldsPackets() bool
	// Traffic counts bytes since Begin.
	Traffic() Traffic
	// Proxy is where the proxies listen; nil in system mode.
	Proxy() *ProxyState
	// Describe adds the carrier's part of a state. Values that change with time alone are included only if moving is set.
	Describe(s *State, moving bool)
	// Close closes what Open opened.
	Close()
}

// terms are what a carrier needs beside the session.
type terms struct {
	key    engine.PrivateKey
	cloud  session.Cloud
	events linkEvents
	// refuseDirect makes the proxies refuse destinations outside the intranet.
	refuseDirect bool
}

// refusedError means that this host cannot carry the session at all, so that another access point would not help.
type refusedError struct{ error }

// Unwrap returns the reason.
func (e refusedError) Unwrap() error { return e.error }

// links is the common part of both carriers: the current link, and the traffic of the former ones.
type links struct {
	link   *link
	former Traffic
	logger *slog.Logger
}

// Link implements Carrier.
func (l *links) Link() *link { return l.link }

// Traffic implements Carrier.
func (l *links) Traffic() Traffic {
	sum := l.former
	if l.link != nil {
		carried := l.link.traffic()
		sum.RxBytes += carried.RxBytes
		sum.TxBytes += carried.TxBytes
		sum.Refused += carried.Refused
		sum.Answered = sum.Answered || carried.Answered
	}
	return sum
}

// use opens a link over a device and makes it the current one.
func (l *links) use(device datapath.Device, s *session.Session, t terms, mark uint32) error {
	made, err := newLink(device, s, engine.Config{PrivateKey: t.key, Logger: l.logger, Mark: mark}, t.events)
	if err == nil {
		l.link = made
	}
	return err
}

// drop closes the current link and keeps its traffic counters.
func (l *links) drop() {
	l.former = l.Traffic()
	l.link.close()
	l.link = nil
}
