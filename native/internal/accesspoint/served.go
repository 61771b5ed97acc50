package accesspoint

import (
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/account"
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/mtu"
)

// served is the access point's state for a session, kept until its last counters have been reported. The Point's lock guards it,
// except generation and active, which mu guards.
type served struct {
	id      string
	client  *forward.Client
	counter *account.Counter
	// session is what update has put in force; sessions are only replaced.
	session *sessiontable.Session
	access  *acl.Client
	key     engine.Key
	ended   bool

	// mtu is the largest inner packet that the path to the client carries, bytes, by its last probe.
	mtu atomic.Int32

	mu         sync.Mutex
	generation uint64
	active     bool
}

func newServed(id string) *served {
	s := &served{id: id, client: forward.NewClient(), counter: &account.Counter{}, access: &acl.Client{}}
	s.mtu.Store(mtu.Floor)
	return s
}

// update puts a session in force; now is on the access point's clock. bandwidth is that of its instance, bit/s, 0 = no limit.
func (s *served) update(session *sessiontable.Session, lists *acl.Compiler, now time.Duration, bandwidth uint64) {
	if s.ended { // the session came back before its last counters were reported, so its counters continue
		s.ended = false
		s.client = forward.NewClient()
		s.session = nil
	}
	s.key = session.Key
	down := session.Rates.Down
	if bandwidth > 0 && (down == 0 || bandwidth < down) {
		down = bandwidth
	}
	s.client.Update(session.Destinations, down)
	s.bind(session, lists, now)
	s.session = session
}

// bind sets the access list if it has changed: a new list makes every flow be decided again.
func (s *served) bind(session *sessiontable.Session, lists *acl.Compiler, now time.Duration) {
	former := s.session
	s.access.SetResolvers(session.Resolvers)
	if former == session || former != nil && sameRules(former, session) && slices.Equal(former.Addresses, session.Addresses) {
		return
	}
	var list *acl.List
	if len(session.Rules) > 0 {
		list = lists.Compile(session.Rules, session.Addresses)
	}
	if former == nil {
		s.access.Begin(list, now)
		return
	}
	s.access.Set(list, now)
}

func sameRules(a, b *sessiontable.Session) bool {
	if a.RulesID != "" && b.RulesID != "" {
		return a.RulesID == b.RulesID
	}
	return reflect.DeepEqual(a.Rules, b.Rules)
}

func (s *served) end() {
	s.ended = true
	s.client.End()
}

// probed records a probe and returns what the client's probes report. A probe of an older version has no MTU.
func (s *served) probed(m probe.Message) kernel.Presence {
	size := mtu.Clamp(int(m.MTU))
	s.mtu.Store(int32(size))
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Generation >= s.generation {
		s.generation, s.active = m.Generation, m.Active
	}
	return kernel.Presence{Generation: s.generation, Active: s.active, MTU: size}
}

func (s *served) counters(lastHandshake time.Time) sessiontable.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sessiontable.Counters{
		ID:      s.id,
		RxBytes: s.counter.Rx.Load(), TxBytes: s.counter.Tx.Load(),
		LastHandshake: lastHandshake,
		Generation:    s.generation, Active: s.active,
		Refused: s.access.Refused.Packets(),
	}
}

// isReported is true when the session has ended and its counters have not changed since they were reported.
func (s *served) isReported(c sessiontable.Counters) bool {
	return s.ended && c.RxBytes == s.counter.Rx.Load() && c.TxBytes == s.counter.Tx.Load()
}
