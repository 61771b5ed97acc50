package fsm

import (
	"slices"
	"time"

	"sag.software/native/internal/mtu"
)

// The MTU of the tunnel is found by probes of different sizes inside it, as RFC 8899 (DPLPMTUD) has it for other datagrams. A tunnel
// starts at the floor, which works everywhere. What is answered by a packet as large fits in both directions.
const (
	// searchRounds is how often a size is tried before it is taken not to fit (MAX_PROBES of RFC 8899).
	searchRounds = 3
	// raiseInterval is the time after which larger sizes are tried again (PMTU_RAISE_TIMER of RFC 8899).
	raiseInterval = 10 * time.Minute
	// confirmTries is how many probes of the size in use go unanswered, while others are answered, before the path is taken not to carry
	// it any more.
	confirmTries = 3
	// confirmLarge is the time between confirmations of the size in use while large packets come or go, confirmSmall while any do. TCP
	// repeats a lost segment after about 0.2, 0.6, 1.4 and 3 s: the smaller MTU has to be there before the last of these.
	confirmLarge, confirmSmall = time.Second, 3 * time.Second
)

// pathMTU is what is known of the size of packets that the path carries.
type pathMTU struct {
	// current is in force, best the largest size that was answered since the search began.
	current, best int
	stage         mtuStage
	// round counts those of a search, and tries the unanswered confirmations in a row; due is when the next one follows.
	round, tries int
	due          Instant
	// probes are those of this search and of the confirmations since.
	probes []mtuProbe
	// large is when a packet beyond the floor last came or went.
	large Instant
	// confirmed is when the size in use was last answered, or its confirmation given up; tried is when the first of tries was sent.
	confirmed, tried Instant
	// raiseAt is when larger sizes are tried again; 0 = there are none.
	raiseAt Instant
}

// mtuStage is what the search does.
type mtuStage uint8

const (
	mtuIdle mtuStage = iota // not connected
	mtuSearching
	mtuFound
)

// mtuProbe is a probe that may still be answered.
type mtuProbe struct {
	nonce uint64
	size  int
}

// keptMTUProbes is more than a search and its confirmations have on the way.
const keptMTUProbes = 64

// forgetMTU goes back to the floor: nothing is known of the path.
func (s *State) forgetMTU() {
	former := s.mtu.current
	s.mtu = pathMTU{current: mtu.Floor, large: s.mtu.large}
	if former != mtu.Floor {
		s.do(SetMTU{MTU: mtu.Floor})
	}
}

// searchMTU looks for sizes larger than the one in use. The largest is first tried by itself: on most paths it fits.
func (s *State) searchMTU(now Instant) {
	m := &s.mtu
	*m = pathMTU{current: m.current, best: m.current, stage: mtuSearching, large: m.large, confirmed: now}
	s.probeMTU(now, mtu.Ceiling)
	m.due = now + s.health.repeat()
}

// probeMTU sends a probe of a size.
func (s *State) probeMTU(now Instant, size int) {
	m, nonce := &s.mtu, s.random()
	m.probes = append(m.probes, mtuProbe{nonce, size})
	if len(m.probes) > keptMTUProbes {
		m.probes = m.probes[1:]
	}
	s.do(SendMTUProbe{Nonce: nonce, Generation: s.link.generation, Size: size})
}

// useMTU puts a size in force, and tells the access point by a probe that is repeated until it is answered.
func (s *State) useMTU(now Instant, size int) {
	m := &s.mtu
	if size == m.current {
		return
	}
	m.current, m.best = size, max(m.best, size)
	m.confirmed, m.tries = now, 0
	s.do(SetMTU{MTU: size})
	if s.health.waiting == 0 {
		s.probe(now)
	} else {
		s.do(SendProbe{Nonce: s.random(), Generation: s.link.generation})
	}
}

// settleMTU ends a search.
func (s *State) settleMTU(now Instant) {
	m := &s.mtu
	s.useMTU(now, m.best)
	m.stage, m.tries, m.due, m.raiseAt = mtuFound, 0, 0, 0
	if m.current < mtu.Ceiling {
		m.raiseAt = now + raiseInterval
	}
}

func (s *State) mtuProbeReplied(now Instant, e MTUProbeReplied) {
	m := &s.mtu
	i := slices.IndexFunc(m.probes, func(p mtuProbe) bool { return p.nonce == e.Nonce })
	if e.Generation != s.link.generation || m.stage == mtuIdle || i < 0 {
		return
	}
	size := m.probes[i].size
	m.probes = slices.Delete(m.probes, i, i+1)
	s.alive(now, now)
	// A former version answers by a small packet, which shows one direction only.
	if e.Size < size {
		return
	}
	m.best = max(m.best, size)
	if size >= m.current {
		m.confirmed, m.tries = now, 0
	}
	// While larger probes are on the way, their answers are waited for until the round is over.
	if m.stage == mtuFound || size == mtu.Ceiling {
		s.settleMTU(now)
	}
}

// mtuRefused is the host's own word that a packet does not fit. One that is larger than the size in use was a probe, or was read before
// the size changed.
func (s *State) mtuRefused(now Instant, size int) {
	if s.mtu.stage != mtuIdle && s.mtu.current > mtu.Floor && size <= s.mtu.current {
		s.shrinkMTU(now)
	}
}

// shrinkMTU goes back to the floor at once, and begins a search.
func (s *State) shrinkMTU(now Instant) {
	s.useMTU(now, mtu.Floor)
	s.searchMTU(now)
}

func (s *State) tickMTU(now Instant) {
	m := &s.mtu
	if s.phase != Connected {
		return
	}
	due := s.mtuDue()
	if due == 0 || now < due {
		return
	}
	switch {
	case m.stage == mtuSearching:
		s.nextMTURound(now)
	case m.tries > 0 || m.raiseAt == 0 || now < m.raiseAt:
		s.confirmMTU(now)
	default:
		s.searchMTU(now)
	}
}

// nextMTURound uses what a round of the search has found, and tries all sizes beyond it in the next one.
func (s *State) nextMTURound(now Instant) {
	m := &s.mtu
	m.round++
	larger := mtu.Above(m.best)
	if m.round == searchRounds || len(larger) == 0 {
		s.settleMTU(now)
		return
	}
	s.useMTU(now, m.best)
	// The smallest first: a GSO batch has a shorter datagram behind a longer one, and both are lost where the longer one does not fit.
	for _, size := range slices.Backward(larger) {
		s.probeMTU(now, size)
	}
	m.due = now + s.health.repeat()
}

// confirmMTU sends a probe of the size in use or, after too many, draws the conclusion.
func (s *State) confirmMTU(now Instant) {
	m := &s.mtu
	switch {
	case m.tries == 0:
		m.tried = now
	case m.tries == 1 && s.health.waiting == 0:
		s.probe(now) // if this small one is answered, and the large ones are not, the path carries no large ones
	case m.tries == confirmTries && s.health.life > m.tried:
		s.shrinkMTU(now)
		return
	case m.tries == confirmTries: // nothing at all comes: that says nothing of the size
		m.tries, m.due, m.confirmed = 0, 0, now
		return
	}
	m.tries++
	s.probeMTU(now, m.current)
	m.due = now + s.health.repeat()
}

// mtuDue is when the next round, confirmation or search is due; 0 = never.
func (s *State) mtuDue() Instant {
	m, h := &s.mtu, &s.health
	switch {
	case s.phase != Connected || m.stage == mtuIdle:
		return 0
	case m.stage == mtuSearching || m.tries > 0:
		return m.due
	}
	due := m.raiseAt
	if m.current == mtu.Floor {
		return due
	}
	if max(h.in, h.out) > m.confirmed {
		due = earlier(due, m.confirmed+confirmSmall)
	}
	if m.large > m.confirmed {
		due = earlier(due, m.confirmed+confirmLarge)
	}
	return due
}
