package fsm

import (
	"slices"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

const (
	// candidateLimit is how long one candidate may take to answer before the next one is tried.
	candidateLimit = 1500 * time.Millisecond
	// NameLimit is how long the lookup of an access point's name may take.
	NameLimit = 2 * time.Second
	// handshakeSteady is the time between handshakes after handshakeGaps.
	handshakeSteady = time.Second
	// failedPause is the wait after a candidate that could not be tried, so that failing candidates do not make a busy
	// loop.
	failedPause = 250 * time.Millisecond
)

// handshakeGaps are the times between the first handshakes. An access point ignores a handshake that arrives before it has
// learned of the session from the cloud, and WireGuard itself retries only after 5 s. The gaps double so that on a slow
// link the response arrives before the next initiation replaces the one it belongs to.
var handshakeGaps = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond,
}

// link is the access point in use or being tried.
type link struct {
	candidates []Candidate
	current    int
	// generation grows with every activation. The access point that has seen the highest one carries the client.
	generation uint64
	// handshakes is how many were sent, handshakeAt when the next one is due, giveUpAt when the next candidate is tried.
	// Only used while not connected.
	handshakes  int
	handshakeAt Instant
	giveUpAt    Instant
	// tried counts candidates since the last packet was received.
	tried int
	// keeps is set if connections survive a change from the current access point to another that keeps connections, too.
	keeps bool
	// failed is set when the current candidate could not be tried; why is the cause if it is not the access point's fault.
	failed bool
	why    *failure.Failure
	// silent is set when a candidate of this round was tried and did not answer.
	silent bool
}

// take makes p the session in use.
func (s *State) take(p *session.Session) {
	s.session = p
	s.link.candidates = candidates(p)
}

// choose activates a candidate; connections are aborted if the change of access points breaks them.
func (s *State) choose(now Instant, i int) {
	keeps := s.link.candidates[i].AccessPoint.KeepsConnections
	s.activate(now, i, s.since != 0 && !(keeps && s.link.keeps))
}

func (s *State) activate(now Instant, i int, abort bool) {
	s.link.keeps = s.link.candidates[i].AccessPoint.KeepsConnections
	s.link.current, s.link.failed, s.link.why = i, false, nil
	s.link.generation = max(s.link.generation+1, uint64(s.session.Incarnation)<<32+1)
	s.health.newLink(now)
	s.forgetMTU()
	s.do(Activate{Candidate: s.link.candidates[i], Generation: s.link.generation, Abort: abort})
	s.dialling(now)
	if !s.link.candidates[i].Endpoint.Addr.IsValid() {
		s.link.giveUpAt += NameLimit
	}
	s.probe(now)
}

// dialling starts the handshake schedule. Activate and ForceHandshake have just sent the first one.
func (s *State) dialling(now Instant) {
	s.link.handshakes = 1
	s.link.handshakeAt = now + handshakeGaps[0]
	s.link.giveUpAt = now + candidateLimit
}

// resolved restarts the schedule, because nothing could be sent during the name lookup.
func (s *State) resolved(now Instant, generation uint64) {
	if generation == s.link.generation && s.phase != Connected {
		s.dialling(now)
		s.probe(now)
	}
}

// lost handles an access point that no longer answers: it tries the next candidate, or the same one if there is no other.
func (s *State) lost(now Instant) {
	s.phase = Reconnecting
	s.cause = unreachable()
	s.link.tried, s.link.silent = 1, true
	s.forgetMTU()
	if len(s.link.candidates) > 1 {
		s.choose(now, (s.link.current+1)%len(s.link.candidates))
		return
	}
	s.do(ForceHandshake{})
	s.dialling(now)
	s.probe(now)
}

func (s *State) tickLink(now Instant) {
	if s.phase == Connected || s.session == nil {
		return
	}
	if now >= s.link.giveUpAt {
		s.nextCandidate(now)
		return
	}
	if now >= s.link.handshakeAt {
		gap := handshakeSteady
		if s.link.handshakes < len(handshakeGaps) {
			gap = handshakeGaps[s.link.handshakes]
		}
		s.link.handshakes++
		s.link.handshakeAt = now + gap
		s.do(ForceHandshake{})
		s.probe(now)
	}
}

func (s *State) activateFailed(now Instant, e ActivateFailed) {
	if e.Generation == s.link.generation && s.phase != Connected {
		s.link.failed, s.link.why = true, e.Failure
		s.link.giveUpAt = earlier(s.link.giveUpAt, now+failedPause)
	}
}

func (s *State) nextCandidate(now Instant) {
	s.link.tried++
	s.blame()
	if len(s.link.candidates) == 1 && !s.link.failed {
		s.link.giveUpAt = now + candidateLimit
		return
	}
	s.choose(now, (s.link.current+1)%len(s.link.candidates))
}

// blame sets the cause after each round of candidates: the reason why none could be tried or, if one was tried, that it
// does not answer.
func (s *State) blame() {
	s.link.silent = s.link.silent || s.link.why == nil
	if s.link.tried < len(s.link.candidates) {
		return
	}
	if code := s.cause.Code(); s.cause == nil || code == failure.AccessPointUnreachable || code == failure.DNSUnavailable {
		if s.cause = s.link.why; s.link.silent {
			s.cause = unreachable()
		}
	}
	if s.link.tried%len(s.link.candidates) == 0 {
		s.link.silent = false
	}
}

func (s *State) linkDue() Instant {
	if s.phase == Connected || s.session == nil {
		return 0
	}
	return earlier(s.link.handshakeAt, s.link.giveUpAt)
}

// apply applies a renewed session and stays with the access point in use if the session still lists it.
func (s *State) apply(now Instant, p *session.Session) {
	if s.session == nil {
		s.take(p)
		s.choose(now, 0)
		return
	}
	kept := s.keepCandidate(p)
	s.do(Apply{Session: p})
	if kept {
		return
	}
	if s.phase == Connected {
		s.phase = Reconnecting
		s.cause = unreachable()
	}
	s.choose(now, 0)
}

// keepCandidate replaces the session and keeps the candidate in use. It returns false if the new session no longer lists
// it.
func (s *State) keepCandidate(p *session.Session) bool {
	before := s.link.candidates[s.link.current]
	s.take(p)
	s.link.current = slices.IndexFunc(s.link.candidates, before.same)
	if s.link.current < 0 {
		s.link.current = 0
		return false
	}
	return true
}
