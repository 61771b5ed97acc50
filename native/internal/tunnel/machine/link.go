package machine

import (
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel/profile"
)

const (
	// candidateLimit is how long one access point is given to answer while there is another.
	candidateLimit = 1500 * time.Millisecond
	// handshakeSteady is the time between handshakes once the quick ones went unanswered.
	handshakeSteady = time.Second
	// failedPause is the wait after a candidate that could not even be tried.
	failedPause = 250 * time.Millisecond
)

// handshakeGaps are the times between the first handshakes: an access point that learns of this session a moment after
// the first one has ignored that one, and WireGuard itself would try again only after 5 s. They double so that a slow
// link's answer still finds the handshake it belongs to.
var handshakeGaps = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond,
}

// link is the access point in use or being tried.
type link struct {
	candidates []Candidate
	current    int
	// generation grows with every activation; the access point that saw the highest one is where the client is.
	generation uint64
	// While not connected: how many handshakes went out, when the next one is due, when the next candidate's turn is.
	handshakes  int
	handshakeAt Instant
	giveUpAt    Instant
	// tried counts candidates since there was last a sign of life.
	tried int
	// keeps says that connections through the current one survive a change to another that keeps them, too.
	keeps bool
	// failed says that the current one could not even be tried.
	failed bool
}

// take makes p the profile in force.
func (m *Machine) take(p *profile.Profile) {
	m.profile = p
	m.link.candidates = candidates(p)
}

// choose activates a candidate.
func (m *Machine) choose(now Instant, i int) {
	keeps := m.link.candidates[i].AccessPoint.KeepsConnections
	abort := m.since != 0 && !(keeps && m.link.keeps)
	m.link.keeps = keeps
	m.link.current, m.link.failed = i, false
	m.link.generation = max(m.link.generation+1, uint64(m.profile.Incarnation)<<32+1)
	m.health.newLink(now)
	m.do(Activate{Candidate: m.link.candidates[i], Generation: m.link.generation, Abort: abort})
	m.dialling(now)
	m.probe(now)
}

// dialling begins the handshake schedule; the first handshake is taken to have just been sent.
func (m *Machine) dialling(now Instant) {
	m.link.handshakes = 1
	m.link.handshakeAt = now + handshakeGaps[0]
	m.link.giveUpAt = now + candidateLimit
}

// lost is the moment at which the access point in use has to be called dead.
func (m *Machine) lost(now Instant) {
	m.phase = typesv1.Phase_PHASE_RECONNECTING
	m.cause = unreachable()
	m.link.tried = 1
	if len(m.link.candidates) > 1 {
		m.choose(now, (m.link.current+1)%len(m.link.candidates))
		return
	}
	m.do(ForceHandshake{})
	m.dialling(now)
	m.probe(now)
}

func (m *Machine) tickLink(now Instant) {
	if m.phase == typesv1.Phase_PHASE_CONNECTED || m.profile == nil {
		return
	}
	if now >= m.link.giveUpAt {
		m.nextCandidate(now)
		return
	}
	if now >= m.link.handshakeAt {
		gap := handshakeSteady
		if m.link.handshakes < len(handshakeGaps) {
			gap = handshakeGaps[m.link.handshakes]
		}
		m.link.handshakes++
		m.link.handshakeAt = now + gap
		m.do(ForceHandshake{})
		m.probe(now)
	}
}

func (m *Machine) activateFailed(now Instant, generation uint64) {
	if generation == m.link.generation && m.phase != typesv1.Phase_PHASE_CONNECTED {
		m.link.failed = true
		m.link.giveUpAt = earlier(m.link.giveUpAt, now+failedPause)
	}
}

func (m *Machine) nextCandidate(now Instant) {
	m.link.tried++
	if m.link.tried >= len(m.link.candidates) && m.cause == nil {
		m.cause = unreachable()
	}
	if len(m.link.candidates) == 1 && !m.link.failed {
		m.link.giveUpAt = now + candidateLimit
		return
	}
	m.choose(now, (m.link.current+1)%len(m.link.candidates))
}

func (m *Machine) linkDue() Instant {
	if m.phase == typesv1.Phase_PHASE_CONNECTED || m.profile == nil {
		return 0
	}
	return earlier(m.link.handshakeAt, m.link.giveUpAt)
}

// apply puts a renewed profile in force: the access point in use stays, if it is still one.
func (m *Machine) apply(now Instant, p *profile.Profile) {
	first := m.profile == nil
	var before Candidate
	if !first {
		before = m.link.candidates[m.link.current]
	}
	m.take(p)
	if first {
		m.choose(now, 0)
		return
	}
	for i, c := range m.link.candidates {
		if c.same(before) {
			m.link.current = i
			m.do(Apply{Profile: p})
			return
		}
	}
	m.do(Apply{Profile: p})
	if m.phase == typesv1.Phase_PHASE_CONNECTED {
		m.phase = typesv1.Phase_PHASE_RECONNECTING
		m.cause = unreachable()
	}
	m.choose(now, 0)
}
