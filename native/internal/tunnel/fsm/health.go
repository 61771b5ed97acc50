package fsm

import (
	"time"
)

const (
	// closeInterval is the time between probes while the state is being watched or traffic goes unanswered.
	closeInterval = time.Second
	// idleInterval is the time between probes otherwise; it keeps NAT mappings open, too.
	idleInterval = 25 * time.Second
	// An unanswered probe is repeated after twice the usual round trip, within these bounds.
	minRepeat, maxRepeat = 250 * time.Millisecond, 650 * time.Millisecond
	// deadAfter is how long probes may go unanswered before the access point is called dead. With closeInterval before
	// it, the last sign of life is less than 3 s ago.
	deadAfter = 1500 * time.Millisecond
	// deadAfterSlow is the same on a link whose round trip takes a good part of that.
	deadAfterSlow = 1900 * time.Millisecond
	// repeatsBeforeHandshake is how many probes go unanswered before the keys are suspected.
	repeatsBeforeHandshake = 2
	// secondProbe follows the first sign of life: the first round trip includes the handshake and says nothing of the link.
	secondProbe = 200 * time.Millisecond
	// queryLimit is how long a query waits for proof of life.
	queryLimit = 900 * time.Millisecond
	// keptProbes is how many probes under way are remembered.
	keptProbes = 16
)

type sent struct {
	nonce uint64
	at    Instant
}

type query struct {
	id uint64
	at Instant
}

// health is what is known of the link's being alive.
type health struct {
	watching bool
	// life is the last sign of it on this link; linkSince is when the link was activated, upSince when it first answered.
	life, linkSince, upSince Instant
	in, out                  Instant
	// waiting is when the oldest unanswered probe was sent, 0 = none; repeats counts those after it.
	waiting  Instant
	repeats  int
	repeatAt Instant
	// probeAt is when the next probe is due while none is unanswered.
	probeAt Instant
	probes  []sent
	// measured is the smoothed round trip; 0 = not yet known.
	latency, measured time.Duration
}

func (h *health) newLink(now Instant) {
	*h = health{watching: h.watching, linkSince: now, in: h.in, out: h.out}
}

func (h *health) forget() { *h = health{watching: h.watching} }

// unanswered says that something went out since the last sign of life.
func (h *health) unanswered() bool { return h.out > h.life }

// repeat is the time after which an unanswered probe is sent again.
func (h *health) repeat() time.Duration {
	return min(max(2*h.measured, minRepeat), maxRepeat)
}

func (h *health) dead() time.Duration {
	if h.repeat() > minRepeat {
		return deadAfterSlow
	}
	return deadAfter
}

// probe sends a probe now.
func (s *State) probe(now Instant) {
	h := &s.health
	nonce := s.random()
	h.probes = append(h.probes, sent{nonce: nonce, at: now})
	if len(h.probes) > keptProbes {
		h.probes = h.probes[1:]
	}
	if h.waiting == 0 {
		h.waiting, h.repeats = now, 0
	} else {
		h.repeats++
	}
	h.repeatAt = now + h.repeat()
	s.do(SendProbe{Nonce: nonce, Generation: s.link.generation})
}

func (s *State) probeReplied(now Instant, e ProbeReplied) {
	h := &s.health
	if e.Generation != s.link.generation {
		return
	}
	known := false
	for _, p := range h.probes {
		if p.nonce != e.Nonce {
			continue
		}
		known = true
		// The round trip of a probe sent before it was up includes handshakes.
		if s.phase == Connected && p.at > h.upSince {
			h.latency = now - p.at
			if h.measured == 0 {
				h.measured = h.latency
			}
			h.measured += (h.latency - h.measured) / 4
		}
	}
	if known {
		s.alive(now, now)
	}
}

// traffic takes in when the data path last saw packets.
func (s *State) traffic(now Instant, e Traffic) {
	h := &s.health
	h.in, h.out = max(h.in, e.In), max(h.out, e.Out)
	// What came in before this link was activated says nothing about it.
	if e.In > h.linkSince && e.In > h.life {
		s.alive(now, e.In)
	}
}

// alive is a sign of life at a point in time that may be a moment ago.
func (s *State) alive(now, at Instant) {
	if s.session == nil {
		return
	}
	h := &s.health
	h.life = max(h.life, at)
	if at >= h.waiting {
		h.waiting, h.repeats = 0, 0
	}
	if s.phase == Connected {
		return
	}
	s.phase = Connected
	s.cause = nil
	s.link.tried, s.link.silent = 0, false
	h.waiting, h.repeats = 0, 0
	h.upSince = now
	h.probeAt = now + secondProbe
	if s.since == 0 {
		s.since = now
	}
	s.streamSoon(now)
}

// lastProbe is when the last one was sent; before the first, it is the last sign of life.
func (h *health) lastProbe() Instant {
	if n := len(h.probes); n > 0 {
		return h.probes[n-1].at
	}
	return h.life
}

// nextProbe is when a probe is due while none is unanswered.
func (s *State) nextProbe() Instant {
	h := &s.health
	last := h.lastProbe()
	due := last + idleInterval
	if h.watching {
		due = last + closeInterval
	}
	// Traffic that has stopped may have been stopped: a client that only receives sends nothing more that could go unanswered.
	if h.unanswered() || h.in > last {
		due = min(due, h.life+closeInterval)
	}
	if h.probeAt != 0 {
		due = min(due, h.probeAt)
	}
	return due
}

func (s *State) tickHealth(now Instant) {
	if s.phase != Connected {
		return
	}
	h := &s.health
	if h.waiting == 0 {
		if now >= s.nextProbe() {
			h.probeAt = 0
			s.probe(now)
		}
		return
	}
	if now >= h.waiting+h.dead() {
		s.lost(now)
		return
	}
	if now >= h.repeatAt {
		if h.repeats+1 >= repeatsBeforeHandshake {
			s.do(ForceHandshake{})
		}
		s.probe(now)
	}
}

func (s *State) healthDue() Instant {
	if s.phase != Connected {
		return 0
	}
	h := &s.health
	if h.waiting == 0 {
		return s.nextProbe()
	}
	return min(h.repeatAt, h.waiting+h.dead())
}

// WakeOnTraffic says that the next outgoing packet is worth a Traffic event: nothing else would notice it in time.
func (s *State) WakeOnTraffic() bool {
	return s.phase == Connected && s.health.waiting == 0 && !s.health.unanswered()
}

func (s *State) query(now Instant, id uint64) {
	if s.phase != Connected {
		s.do(Answer{ID: id})
		return
	}
	s.queries = append(s.queries, query{id: id, at: now})
	if s.health.waiting == 0 {
		s.probe(now)
	}
}

func (s *State) tickQueries(now Instant) {
	var left []query
	for _, a := range s.queries {
		up := s.phase == Connected
		if up && s.health.life < a.at && now >= a.at+queryLimit {
			s.lost(now)
			up = false
		}
		if !up || s.health.life >= a.at {
			s.do(Answer{ID: a.id})
			continue
		}
		left = append(left, a)
	}
	s.queries = left
}

func (s *State) queriesDue() Instant {
	var due Instant
	for _, a := range s.queries {
		due = earlier(due, a.at+queryLimit)
	}
	return due
}
