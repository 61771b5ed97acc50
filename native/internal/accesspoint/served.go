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

// served is what the access point keeps of a session for as long as it lives, and then until its last counters have been
// reported. The Point's lock guards it, but for what probes touch.
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
	if s.ended { // it came back before its last counters were reported, and goes on counting
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

// probed returns the client's highest generation, and whether by it the client is active here.
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

// isReported is true when the session is over and nothing will follow the reported counters.
func (s *served) isReported(c sessiontable.Counters) bool {
	return s.ended && c.RxBytes == s.counter.Rx.Load() && c.TxBytes == s.counter.Tx.Load()
}
