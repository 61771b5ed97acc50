package tunnel

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/account"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/resolver/host"
	"sag.software/native/internal/session"
	"sag.software/native/internal/tunnel/fsm"
)

// link is the WireGuard end of one session: a device of its own whose only peer is the access point in use.
type link struct {
	probes  *probe.Stage
	account *account.Tunnel
	device  *engine.Device

	sessionID session.ID
	address4  netip.Addr
	address6  netip.Addr
	// mtu is the current one, bytes. Probes report it to the access point.
	mtu     int
	active  *fsm.Candidate
	awaited awaited
	// probedAt is the handshake after which connections were last checked.
	probedAt time.Time
}

// linkEvents are called from the link's own goroutines and must not block.
type linkEvents struct {
	// replied is called once for each answered probe, with the size of the reply's packet, bytes.
	replied func(m probe.Message, size int)
	// tooLarge is engine.Config's TooLarge.
	tooLarge func(size int)
	// outgoing is called for the next packet sent after account.Arm.
	outgoing func()
}

// newLink returns a link over a device that has the session's addresses. It owns the device afterwards, also on failure.
func newLink(device datapath.Device, s *session.Session, config engine.Config, events linkEvents) (*link, error) {
	l := &link{sessionID: s.ID, address4: s.Address4, address6: s.Address6, mtu: mtu.Floor}
	config.Path = datapath.New(device)
	l.probes = probe.NewStage(config.Path.Inject, probe.Callbacks{Replied: func(_ netip.Addr, m probe.Message, size int) {
		if l.awaited.remove(m.Nonce) {
			events.replied(m, size)
		}
	}})
	l.account = account.NewTunnel(events.outgoing)
	config.Path.FromTunnel(l.account.FromTunnel, l.probes.FromTunnel)
	config.Path.ToTunnel(l.account.ToTunnel)
	config.TooLarge = events.tooLarge
	var err error
	l.device, err = engine.New(config)
	return l, err
}

// fits reports whether a session can be carried without a new link.
func (l *link) fits(s *session.Session) bool {
	return l.sessionID == s.ID && l.address4 == s.Address4 && l.address6 == s.Address6
}

func (l *link) close() { l.device.Close() }

// resolve looks up a named endpoint's address with the host's resolver. It fails with `dns_unavailable`.
func resolve(ctx context.Context, e session.Endpoint) (session.Endpoint, error) {
	ctx, cancel := context.WithTimeout(ctx, fsm.NameLimit)
	defer cancel()
	found, err := host.Lookup(ctx, e.Name)
	switch {
	case host.IsNotFound(err), err == nil && len(found) == 0:
		return e, failure.Over(err, failure.DNSUnavailable, msg.HostNotFound(e.Name))
	case err != nil:
		return e, failure.Over(err, failure.DNSUnavailable, msg.DNSLocalSilent(e.Name))
	}
	e.Addr = found[0].Unmap()
	return e, nil
}

// activate makes a candidate the only peer, at an endpoint whose address is known, and starts a handshake.
func (l *link) activate(s *session.Session, candidate fsm.Candidate, at session.Endpoint) error {
	ap := &candidate.AccessPoint
	var remove []engine.Key
	if l.active != nil && l.active.AccessPoint.PublicKey != ap.PublicKey {
		remove = append(remove, engine.Key(l.active.AccessPoint.PublicKey))
	}
	l.account.SetProbe(ap.ProbeAddress)
	if err := l.device.Apply([]engine.PeerConfig{peerOf(s, ap, engineEndpoint(at))}, remove); err != nil {
		return err
	}
	l.active = &candidate
	return l.device.ForceHandshake(engine.Key(ap.PublicKey))
}

// apply updates the peer in use to a renewed session; connections are kept.
func (l *link) apply(s *session.Session) error {
	if l.active == nil {
		return nil
	}
	for i := range s.AccessPoints {
		if ap := &s.AccessPoints[i]; ap.PublicKey == l.active.AccessPoint.PublicKey {
			l.active.AccessPoint = *ap
			l.account.SetProbe(ap.ProbeAddress)
			return l.device.UpsertPeer(peerOf(s, ap, engine.Endpoint{}))
		}
	}
	return nil
}

func peerOf(s *session.Session, ap *session.AccessPoint, endpoint engine.Endpoint) engine.PeerConfig {
	return engine.PeerConfig{
		PublicKey: engine.Key(ap.PublicKey), PresharedKey: engine.PresharedKey(ap.PresharedKey),
		Endpoint: endpoint, AllowedIPs: s.AllowedIPs(ap),
	}
}

// engineEndpoint converts an endpoint whose address is known.
func engineEndpoint(e session.Endpoint) engine.Endpoint {
	transport := engine.UDP
	if e.Transport == session.TLS {
		transport = engine.TLS
	}
	return engine.Endpoint{Transport: transport, AddrPort: netip.AddrPortFrom(e.Addr, e.Port)}
}

func (l *link) deactivate() error {
	if l.active == nil {
		return nil
	}
	key := engine.Key(l.active.AccessPoint.PublicKey)
	l.active = nil
	return l.device.RemovePeer(key)
}

func (l *link) handshake() error {
	if l.active == nil {
		return nil
	}
	return l.device.ForceHandshake(engine.Key(l.active.AccessPoint.PublicKey))
}

// probe sends a probe as a packet of a size, bytes; 0 = the smallest.
func (l *link) probe(nonce, generation uint64, size int) error {
	if l.active == nil {
		return nil
	}
	l.awaited.add(nonce)
	return l.probes.Send(l.address6, l.active.AccessPoint.ProbeAddress, probe.Message{
		Kind: probe.Request, Active: true, Session: l.sessionID, Generation: generation, Nonce: nonce, MTU: uint16(l.mtu),
	}, size)
}

// lastHandshake returns when the last handshake was completed; zero = never.
func (l *link) lastHandshake() time.Time {
	if l.active == nil {
		return time.Time{}
	}
	peers, err := l.device.Peers()
	if err != nil {
		return time.Time{}
	}
	return peers[engine.Key(l.active.AccessPoint.PublicKey)].LastHandshake
}

// handshakeAge returns the time since the last completed handshake; 0 = none.
func (l *link) handshakeAge() time.Duration {
	last := l.lastHandshake()
	if last.IsZero() {
		return 0
	}
	return max(time.Since(last), 1)
}

// seen returns when a packet was last received and last sent, on clock.Now's clock; 0 = never.
func (l *link) seen() fsm.Traffic {
	in, out := l.account.Last()
	return fsm.Traffic{In: in, Out: out, Large: l.account.LastLarge()}
}

func (l *link) traffic() Traffic {
	rx, tx := l.account.Bytes()
	return Traffic{RxBytes: rx, TxBytes: tx, Refused: l.account.Refused(), Answered: l.account.Answered()}
}

// afterSleep binds new sockets and starts a handshake.
func (l *link) afterSleep(logger *slog.Logger) {
	for _, err := range []error{l.device.Rebind(), l.handshake()} {
		if err != nil {
			logger.Warn("after sleep", "error", err)
		}
	}
}
