// Package machine decides what a tunnel does: which access point, when a handshake or a probe, when it is dead, when to
// renew, when it is over. It is pure: events in, effects out; time and randomness are given to it.
package machine

import (
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/profile"
)

// Instant is a point on a clock that runs through sleep, counted from an arbitrary zero. 0 = never.
type Instant = time.Duration

// hangUpLimit is how long whoever ends a session is kept waiting for the cloud to hear of it.
const hangUpLimit = time.Second

// Machine is the state of one intranet's tunnel.
type Machine struct {
	random func() uint64

	phase   typesv1.Phase
	cause   *typesv1.Failure
	profile *profile.Profile
	since   Instant // when it first came up
	message string
	hangUp  Instant // when to stop waiting for HangUp; 0 = not waiting

	link   link
	health health
	lease  lease
	cloud  cloud
	asked  []ask

	effects []Effect
}

// New makes a machine with nothing to do. random gives uniformly distributed 64-bit numbers.
func New(random func() uint64) *Machine {
	return &Machine{random: random, phase: typesv1.Phase_PHASE_DISCONNECTED}
}

// Step takes one event at one point in time and returns what is to be done about it, in order.
func (m *Machine) Step(now Instant, event Event) []Effect {
	m.handle(now, event)
	m.tick(now)
	effects := m.effects
	m.effects = nil
	return effects
}

func (m *Machine) do(e Effect) { m.effects = append(m.effects, e) }

func (m *Machine) handle(now Instant, event Event) {
	switch e := event.(type) {
	case Started:
		m.start(now, e.Profile)
	case Resumed:
		m.resume(now, e.LeaseEnd)
	case Stopped:
		m.stop(now)
	case HungUp:
		m.hungUp()
	case Attention:
		m.health.watching = e.Watching
	}
	if !m.wanted() {
		m.idle(event)
		return
	}
	switch e := event.(type) {
	case Traffic:
		m.traffic(now, e)
	case ProbeReplied:
		m.probeReplied(now, e)
	case Asked:
		m.ask(now, e.ID)
	case ActivateFailed:
		m.activateFailed(now, e.Generation)
	case Renewed:
		m.renewed(now, e)
	case RenewFailed:
		m.renewFailed(now, e.Failure)
	case StreamOpened:
		m.streamOpened(now, e.Revision)
	case StreamHeard:
		m.cloud.heard = now
	case StreamBroken:
		m.streamBroken(now, e.Failure)
	case SessionEnded:
		m.end(e.Failure)
	case ProfileChanged:
		m.profileChanged(now, e.Revision)
	case Told:
		m.message = e.Text
	}
}

// idle is what events get while no session is wanted: questions are answered, the rest comes too late.
func (m *Machine) idle(event Event) {
	if e, ok := event.(Asked); ok {
		m.do(Answer{ID: e.ID})
	}
}

// tick does all that has become due.
func (m *Machine) tick(now Instant) {
	if m.hangUp != 0 && now >= m.hangUp {
		m.hungUp()
	}
	if m.wanted() {
		m.tickLease(now)
	}
	if m.wanted() {
		m.tickHealth(now)
		m.tickAsked(now)
		m.tickLink(now)
		m.tickCloud(now)
	}
}

// Deadline is when Step wants a Tick if nothing happens before; 0 = never.
func (m *Machine) Deadline() Instant {
	next := m.hangUp
	if m.wanted() {
		for _, t := range []Instant{m.leaseDue(), m.healthDue(), m.askedDue(), m.linkDue(), m.cloudDue()} {
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

// wanted says that there is a session that is to be kept up.
func (m *Machine) wanted() bool {
	switch m.phase {
	case typesv1.Phase_PHASE_CONNECTING, typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_RECONNECTING:
		return true
	default:
		return false
	}
}

func (m *Machine) reset() {
	watching, generation := m.health.watching, m.link.generation
	asked := m.asked
	effects := m.effects
	*m = Machine{random: m.random, phase: m.phase, effects: effects, asked: asked}
	m.health.watching = watching
	m.link.generation = generation
}

func (m *Machine) start(now Instant, p *profile.Profile) {
	if m.wanted() {
		m.do(CloseStream{})
		m.do(Deactivate{})
	}
	m.reset()
	m.phase = typesv1.Phase_PHASE_CONNECTING
	m.takeLease(now, p)
	m.take(p)
	m.choose(now, 0)
	m.cloud.openAt = now + firstStreamDelay
}

func (m *Machine) resume(now Instant, leaseEnd Instant) {
	m.reset()
	m.phase = typesv1.Phase_PHASE_CONNECTING
	m.lease = lease{end: leaseEnd, renewAt: now, newKey: true}
}

// stop ends the session because somebody said so.
func (m *Machine) stop(now Instant) {
	switch {
	case m.wanted():
		m.leave()
		m.phase = typesv1.Phase_PHASE_DISCONNECTING
		m.cause = nil
		m.hangUp = now + hangUpLimit
		m.do(HangUp{})
	case m.phase == typesv1.Phase_PHASE_DISCONNECTING:
	default:
		m.phase = typesv1.Phase_PHASE_DISCONNECTED
		m.cause = nil
	}
}

func (m *Machine) hungUp() {
	m.hangUp = 0
	if m.phase == typesv1.Phase_PHASE_DISCONNECTING {
		m.phase = typesv1.Phase_PHASE_DISCONNECTED
	}
}

// end is the end of a session by somebody else's word, or by its lease.
func (m *Machine) end(f *typesv1.Failure) {
	m.leave()
	m.phase = typesv1.Phase_PHASE_FAILED
	m.cause = f
}

// leave takes down what carries a session.
func (m *Machine) leave() {
	m.do(CloseStream{})
	m.do(Deactivate{})
	m.do(Forget{})
	for _, a := range m.asked {
		m.do(Answer{ID: a.id})
	}
	m.asked = nil
	m.cloud = cloud{}
	m.health.forget()
}

func unreachable() *typesv1.Failure {
	return failure.Of(typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE, "the access point does not answer")
}
