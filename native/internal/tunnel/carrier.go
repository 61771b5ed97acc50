package tunnel

import (
	"log/slog"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// Carrier carries a session's traffic on this host: for the proxies of one user, or for every program in system mode. Which of the two
// it is is decided once, when the tunnel is made. Only the loop calls it.
type Carrier interface {
	Mode() Mode
	// Mark is put on the outer packets of the engine and of the tunnel's connections to the cloud; 0 = none.
	Mark() uint32
	// Open opens what callers need before a session is started. While a port that was requested is taken, nothing has changed.
	Open(ProxyOptions) error
	// Begin forgets a former session: its link, its traffic and its settings.
	Begin(why *failure.Failure)
	// Carry puts a session in force: on the link that there is if it fits, else on a new one. After a refusedError the session has
	// to end.
	Carry(*session.Session, terms) error
	// Link is the WireGuard end of what is carried; nil while nothing is.
	Link() *link
	// Reach lets the engine, and no other program, talk to an endpoint that was given by name.
	Reach(*session.Session, session.Endpoint) error
	// EndConnections ends connections through a former access point: what is at their other end knows nothing of them.
	EndConnections(*session.Session)
	// ProbeConnections ends connections that the access point does not know any more.
	ProbeConnections()
	// SetUp says whether the tunnel is up, and why it is not.
	SetUp(up bool, why *failure.Failure)
	// Withdraw gives the host back as it was. It is called again and again while no session is wanted, and costs nothing then.
	Withdraw(why *failure.Failure)
	// CheckHost looks at what is on the host and puts it right, because changes may have been missed.
	CheckHost()
	// Trouble is why the intranet's packets do not go through the tunnel although they should; nil if they do.
	Trouble() *failure.Failure
	// HoldsPackets is true while the intranet's packets go through the tunnel or not at all.
	HoldsPackets() bool
	// Traffic is what was carried since Begin.
	Traffic() Traffic
	// Proxy is where the proxies listen; nil if there are none.
	Proxy() *ProxyState
	// Describe adds to a state what the carrier knows. What changes by time alone is in it only if moving is set.
	Describe(s *State, moving bool)
	// Close closes what Open has opened.
	Close()
}

// terms are what a carrier needs beside the session.
type terms struct {
	key    engine.PrivateKey
	cloud  session.Cloud
	events linkEvents
	// refuseDirect: the proxies refuse what is not in the intranet.
	refuseDirect bool
}

// refusedError means that a session cannot be carried on this host at all: another access point would not help.
type refusedError struct{ error }

// Unwrap is the reason.
func (e refusedError) Unwrap() error { return e.error }

// links is the part that both carriers have: the link in use, and the traffic of those before it.
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
	}
	return sum
}

// use makes a link over a device the one in use.
func (l *links) use(device datapath.Device, s *session.Session, t terms, mark uint32) error {
	made, err := newLink(device, s, engine.Config{PrivateKey: t.key, Logger: l.logger, Mark: mark}, t.events)
	if err == nil {
		l.link = made
	}
	return err
}

// drop closes the link in use.
func (l *links) drop() {
	l.former = l.Traffic()
	l.link.close()
	l.link = nil
}
