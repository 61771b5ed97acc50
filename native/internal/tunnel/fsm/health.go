package fsm

import (
	"time"
)

const (
	// closeInterval is the time between probes while a window or command watches the state or sent packets are unanswered.
	closeInterval = time.Second
	// idleInterval is the time between probes otherwise. It is short enough to keep NAT mappings open.
	idleInterval = 25 * time.Second
	// An unanswered probe is repeated after twice the smoothed round trip, within these bounds.
	minRepeat, maxRepeat = 250 * time.Millisecond, 650 * time.Millisecond
	// deadAfter is how long probes may go unanswered before the access point counts as dead. Together with closeInterval, a
	// dead access point is noticed less than 3 s after its last packet.
	deadAfter = 1500 * time.Millisecond
	// deadAfterSlow is the limit when the round trip is long enough that probes are repeated at more than minRepeat.
	deadAfterSlow = 1900 * time.Millisecond
	// repeatsBeforeHandshake is the number of unanswered probes after which a new handshake is forced, in case the keys are
	// stale.
	repeatsBeforeHandshake = 2
	// secondProbe is the time from the first answer to the next probe: the first round trip includes the handshake and is
	// not a latency.
	secondProbe = 200 * time.Millisecond
	// queryLimit is how long a caller's query waits for an answered probe.
	queryLimit = 900 * time.Millisecond
	// keptProbes is how many outstanding probes are remembered for matching replies.
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

// health is the liveness of the current link.
type health struct {
	watching bool
	// life is the last packet received from the access point, linkSince when the link was activated, upSince when it first
	// answered.
	life, linkSince, upSince Instant
	in, out                  Instant
	// waiting is when the oldest unanswered probe was sent, 0 if there is none; repeats counts the probes sent after it.
	waiting  Instant
	repeats  int
	repeatAt Instant
	// probeAt is when the next probe is due while none is unanswered.
	probeAt Instant
	probes  []sent
	// latency is the last round trip, measured the smoothed one; 0 before the first.
	latency, measured time.Duration
}

func (h *health) newLink(now Instant) {
	*h = health{watching: h.watching, linkSince: now, in: h.in, out: h.out}
}

func (h *health) forget() { *h = health{watching: h.watching} }

// unanswered reports whether a packet was sent after the last one was received.
func (h *health) unanswered() bool { return h.out > h.life }

// repeat returns the retransmission timeout of a probe.
func (h *health) repeat() time.Duration {
	return min(max(2*h.measured, minRepeat), maxRepeat)
}

func (h *health) dead() time.Duration {
	if h.repeat() > minRepeat {
		return deadAfterSlow
	}
	return deadAfter
}

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
		// Probes sent before the tunnel was up waited for the handshake, so their round trip is not a latency.
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

// traffic takes the times of the last authenticated packet received and of the last packet sent.
func (s *State) traffic(now Instant, e Traffic) {
	h := &s.health
	h.in, h.out = max(h.in, e.In), max(h.out, e.Out)
	s.mtu.large = max(s.mtu.large, e.Large)
	// A packet received before this link was activated came from the former access point.
	if e.In > h.linkSince && e.In > h.life {
		s.alive(now, e.In)
	}
}

// alive records a packet from the access point, received at a time that may be slightly before now.
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
	s.searchMTU(now)
	s.since = now
	s.streamSoon(now)
}

// lastProbe returns when the last probe was sent or, before the first, when the last packet was received.
func (h *health) lastProbe() Instant {
	if n := len(h.probes); n > 0 {
		return h.probes[n-1].at
	}
	return h.life
}

// nextProbe returns when a probe is due if none is outstanding.
func (s *State) nextProbe() Instant {
	h := &s.health
	last := h.lastProbe()
	due := last + idleInterval
	if h.watching {
		due = last + closeInterval
	}
	// A client that only receives sends nothing that could go unanswered, so received traffic that stopped is probed soon,
	// too.
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

// WakeOnTraffic reports whether the next outgoing packet must raise a Traffic event: no timer would notice in time that it
// is unanswered.
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
