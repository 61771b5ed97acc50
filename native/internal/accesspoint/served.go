package accesspoint

import (
	"sync"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/meter"
	"sag.software/native/internal/accesspoint/roster"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/engine/probe"
)

// served is what the access point keeps of a session for as long as it lives, and then until its last counters have been
// reported. The Point's lock guards it, but for what probes touch.
type served struct {
	id      string
	client  *forward.Client
	counter *meter.Counter
	key     engine.Key
	ended   bool

	mu         sync.Mutex
	generation uint64
	active     bool
}

func newServed(id string) *served {
	return &served{id: id, client: forward.NewClient(), counter: &meter.Counter{}}
}

func (s *served) update(session *roster.Session) {
	if s.ended { // it came back before its last counters were reported, and goes on counting
		s.ended = false
		s.client = forward.NewClient()
	}
	s.key = session.Key
	s.client.Update(session.Destinations, session.Bandwidth)
}

func (s *served) end() {
	s.ended = true
	s.client.End()
}

// probed tells whether the client is active here, by the highest generation that it has spoken of.
func (s *served) probed(m probe.Message) (active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Generation >= s.generation {
		s.generation, s.active = m.Generation, m.Active
	}
	return s.active
}

func (s *served) counters() *accesspointv1.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &accesspointv1.Counters{
		SessionId: s.id,
		RxBytes:   s.counter.Rx.Load(), TxBytes: s.counter.Tx.Load(),
		Generation: s.generation, Active: s.active,
	}
}

// told tells that nothing more will come than what was reported.
func (s *served) told(c *accesspointv1.Counters) bool {
	return s.ended && c.GetRxBytes() == s.counter.Rx.Load() && c.GetTxBytes() == s.counter.Tx.Load()
}
