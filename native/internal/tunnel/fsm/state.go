// Package fsm is the state machine of a tunnel. It decides which access point is used, when handshakes and probes are sent,
// when an access point counts as dead, when the lease is renewed, and when the session is over. It is pure: events in,
// effects out; time and randomness are parameters.
package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/session"
)

// Instant is a point in time on a clock that also runs while the host sleeps, counted from an arbitrary zero. 0 = never.
type Instant = time.Duration

// hangUpLimit is how long the end of a session waits for the cloud.
const hangUpLimit = time.Second

// State is the state of one intranet's tunnel.
type State struct {
	random func() uint64

	phase   Phase
	cause   *failure.Failure
	session *session.Session
	since   Instant // when the tunnel first came up
	message string
	hangUp  Instant // when to stop waiting for HungUp; 0 = not waiting

	link    link
	health  health
	mtu     pathMTU
	lease   lease
	cloud   cloud
	rekey   rekey
	queries []query
	// diverted is why the host routes packets past the tunnel; nil = it does not.
	diverted *failure.Failure

	effects []Effect
}

// New returns a state machine without a session. random returns uniformly distributed 64-bit numbers.
func New(random func() uint64) *State {
	return &State{random: random, phase: Disconnected, mtu: pathMTU{current: mtu.Floor}}
}

// Step handles one event at one point in time and returns the effects to carry out, in order.
func (s *State) Step(now Instant, event Event) []Effect {
	s.handle(now, event)
	s.tick(now)
	effects := s.effects
	s.effects = nil
	return effects
}

func (s *State) do(e Effect) { s.effects = append(s.effects, e) }

func (s *State) handle(now Instant, event Event) {
	switch e := event.(type) {
	case Started:
		s.start(now, e.Session)
	case Resumed:
		s.resume(now, e.LeaseEnd)
	case Stopped:
		s.stop(now)
	case HungUp:
		s.hungUp()
	case Attention:
		s.health.watching = e.Watching
	case HostChecked:
		s.diverted = e.Trouble
	}
	if !s.wanted() {
		s.idle(event)
		return
	}
	switch e := event.(type) {
	case Traffic:
		s.traffic(now, e)
	case ProbeReplied:
		s.probeReplied(now, e)
	case MTUProbeReplied:
		s.mtuProbeReplied(now, e)
	case MTURefused:
		s.mtuRefused(now, e.Size)
	case Queried:
		s.query(now, e.ID)
	case ActivateFailed:
		s.activateFailed(now, e)
	case Resolved:
		s.resolved(now, e.Generation)
	case Renewed:
		s.renewed(now, e)
	case RenewFailed:
		s.renewFailed(now, e.Failure)
	case StreamOpened:
		s.streamOpened(now, e.Revision)
	case StreamHeard:
		s.cloud.lastEvent = now
	case StreamBroken:
		s.streamBroken(now, e.Failure)
	case SessionEnded:
		s.end(e.Failure)
	case SettingsChanged:
		s.settingsChanged(now, e.Revision)
	case MessageReceived:
		s.message = e.Text
	}
}

// idle handles events while no session is wanted: queries are completed, all other events are late and ignored.
func (s *State) idle(event Event) {
	if e, ok := event.(Queried); ok {
		s.do(Answer{ID: e.ID})
	}
}

// tick handles everything that is due.
func (s *State) tick(now Instant) {
	if s.hangUp != 0 && now >= s.hangUp {
		s.hungUp()
	}
	if s.wanted() {
		s.tickLease(now)
	}
	if s.wanted() {
		s.tickHealth(now)
		s.tickMTU(now)
		s.tickQueries(now)
		s.tickLink(now)
		s.tickCloud(now)
		s.tickRekey(now)
	}
}

// Deadline returns when Step needs a Tick if no event comes before; 0 = never.
func (s *State) Deadline() Instant {
	next := s.hangUp
	if s.wanted() {
		for _, t := range []Instant{s.leaseDue(), s.healthDue(), s.mtuDue(), s.queriesDue(), s.linkDue(), s.cloudDue(), s.rekeyDue()} {
			next = earlier(next, t)
		}
	}
	return next
}

func earlier(a, b Instant) Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// wanted reports whether there is a session to keep up.
func (s *State) wanted() bool {
	switch s.phase {
	case Connecting, Connected, Reconnecting:
		return true
	default:
		return false
	}
}

func (s *State) reset() {
	watching, generation := s.health.watching, s.link.generation
	queries := s.queries
	effects := s.effects
	*s = State{random: s.random, phase: s.phase, effects: effects, queries: queries, mtu: pathMTU{current: mtu.Floor}}
	s.health.watching = watching
	s.link.generation = generation
}

func (s *State) start(now Instant, p *session.Session) {
	if s.wanted() {
		s.do(CloseStream{})
		s.do(Deactivate{})
	}
	s.reset()
	if f := Usable(p); f != nil {
		s.end(f)
		return
	}
	s.phase = Connecting
	s.takeLease(now, p)
	s.take(p)
	s.choose(now, 0)
	s.cloud.openAt = now + firstStreamDelay
}

func (s *State) resume(now Instant, leaseEnd Instant) {
	s.reset()
	s.phase = Connecting
	s.lease = lease{end: leaseEnd, renewAt: now, newKey: true}
}

// stop ends the session at the user's request.
func (s *State) stop(now Instant) {
	switch {
	case s.wanted():
		s.leave()
		s.phase = Disconnecting
		s.cause = nil
		s.hangUp = now + hangUpLimit
		s.do(HangUp{})
	case s.phase == Disconnecting:
	default:
		s.phase = Disconnected
		s.cause = nil
	}
}

func (s *State) hungUp() {
	s.hangUp = 0
	if s.phase == Disconnecting {
		s.phase = Disconnected
	}
}

// end ends the session because the cloud ended it or its lease ran out.
func (s *State) end(f *failure.Failure) {
	s.leave()
	s.phase = Failed
	s.cause = f
}

// leave stops the stream and the peer, and completes pending queries.
func (s *State) leave() {
	s.do(CloseStream{})
	s.do(Deactivate{})
	s.do(Forget{})
	for _, a := range s.queries {
		s.do(Answer{ID: a.id})
	}
	s.queries = nil
	s.cloud = cloud{}
	s.rekey = rekey{}
	s.health.forget()
}

func unreachable() *failure.Failure {
	return failure.Of(failure.AccessPointUnreachable, msg.AccessPointSilent())
}
