package fsm

import (
	"slices"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

const (
	// candidateLimit is how long one access point is given to answer while there is another.
	candidateLimit = 1500 * time.Millisecond
	// NameLimit is how long the lookup of an access point's name may take.
	NameLimit = 2 * time.Second
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
	// failed says that the current one could not even be tried; why is the reason, if another than the access point is to blame.
	failed bool
	why    *failure.Failure
	// silent says that a candidate of this round was tried and did not answer.
	silent bool
}

// take makes a session the one in force.
func (s *State) take(p *session.Session) {
	s.session = p
	s.link.candidates = candidates(p)
}

// choose activates a candidate.
func (s *State) choose(now Instant, i int) {
	keeps := s.link.candidates[i].AccessPoint.KeepsConnections
	s.activate(now, i, s.since != 0 && !(keeps && s.link.keeps))
}

// activate is choose without the question of what becomes of connections.
func (s *State) activate(now Instant, i int, abort bool) {
	s.link.keeps = s.link.candidates[i].AccessPoint.KeepsConnections
	s.link.current, s.link.failed, s.link.why = i, false, nil
	s.link.generation = max(s.link.generation+1, uint64(s.session.Incarnation)<<32+1)
	s.health.newLink(now)
	s.do(Activate{Candidate: s.link.candidates[i], Generation: s.link.generation, Abort: abort})
	s.dialling(now)
	if !s.link.candidates[i].Endpoint.Addr.IsValid() {
		s.link.giveUpAt += NameLimit
	}
	s.probe(now)
}

// dialling begins the handshake schedule; the first handshake is taken to have just been sent.
func (s *State) dialling(now Instant) {
	s.link.handshakes = 1
	s.link.handshakeAt = now + handshakeGaps[0]
	s.link.giveUpAt = now + candidateLimit
}

// resolved begins the schedule anew: nothing could be sent while the name was looked up.
func (s *State) resolved(now Instant, generation uint64) {
	if generation == s.link.generation && s.phase != Connected {
		s.dialling(now)
		s.probe(now)
	}
}

// lost is the moment at which the access point in use has to be called dead.
func (s *State) lost(now Instant) {
	s.phase = Reconnecting
	s.cause = unreachable()
	s.link.tried, s.link.silent = 1, true
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

// blame sets the cause after each round of candidates: what kept all of them from being tried, or that none answers.
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

// apply puts a renewed session in force: the access point in use stays, if it is still one.
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

// keepCandidate takes a renewed session and stays with the candidate in use; false = it is gone, and the first one is next.
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
