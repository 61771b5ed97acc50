package accesspoint

import (
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/account"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/engine"
)

// served is the access point's state for a session, kept until its last counters have been reported. The Point's lock guards it,
// except generation and active, which mu guards.
type served struct {
	id      string
	client  *forward.Client
	counter *account.Counter
	key     engine.Key
	ended   bool

	mu         sync.Mutex
	generation uint64
	active     bool
}

func newServed(id string) *served {
	return &served{id: id, client: forward.NewClient(), counter: &account.Counter{}}
}

func (s *served) update(session *sessiontable.Session) {
	if s.ended { // the session came back before its last counters were reported, so its counters continue
		s.ended = false
		s.client = forward.NewClient()
	}
	s.key = session.Key
	s.client.Update(rules.Destinations(session.Rules), session.Rates)
}

func (s *served) end() {
	s.ended = true
	s.client.End()
}

// probed records a probe. It returns the highest generation of the client and whether the probe with that generation was marked
// active.
func (s *served) probed(m probe.Message) (generation uint64, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Generation >= s.generation {
		s.generation, s.active = m.Generation, m.Active
	}
	return s.generation, s.active
}

func (s *served) counters(lastHandshake time.Time) sessiontable.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sessiontable.Counters{
		ID:      s.id,
		RxBytes: s.counter.Rx.Load(), TxBytes: s.counter.Tx.Load(),
		LastHandshake: lastHandshake,
		Generation:    s.generation, Active: s.active,
	}
}

// isReported is true when the session has ended and its counters have not changed since they were reported.
func (s *served) isReported(c sessiontable.Counters) bool {
	return s.ended && c.RxBytes == s.counter.Rx.Load() && c.TxBytes == s.counter.Tx.Load()
}
