// Package shape holds packets back so that they leave at a limited rate. A Scheduler has SAG instances with a bandwidth, an Instance has
// classes with a guaranteed rate and a ceiling, as in HTB, and an Account has a cap over all classes. Each account has FQ-CoDel queues in
// each class, in which DNS, ping, small datagrams and TCP's control packets come first, so that a large transfer delays nothing else. It is
// pure: the clock is handed in, as the time since a fixed moment.
package shape

import (
	"sync"
	"time"
)

const (
	// A queue holds what its rate carries in backlog, and flowBacklog for each flow, within the other two, bytes. With less for a flow, the
	// windows of many connections do not fit at a low rate, and most of what they send is lost.
	backlog     = 100 * time.Millisecond
	flowBacklog = 8 * largeBuffer
	minBacklog  = 24 << 10
	maxBacklog  = 512 << 10
)

// Scheduler is the instances of one direction. It is not safe for concurrent use.
type Scheduler struct {
	// memory is the most that all queues may hold, bytes; held is what they do.
	memory, held int
	instances    order
}

// NewScheduler makes a scheduler that holds at most memory bytes of packets.
func NewScheduler(memory int) *Scheduler { return &Scheduler{memory: memory} }

// Push queues a copy of a packet of an account, in a class of its instance (an index into Config.Classes, or DefaultClass), as the kind
// that Classify returns. If too much is queued, the oldest packets of the flow with the longest queue are dropped.
func (s *Scheduler) Push(now time.Duration, a *Account, class int, raw []byte, kind Kind) {
	q := a.queue(class)
	if !s.makeRoom(q, len(raw)) {
		return
	}
	p := newPacket(raw)
	p.account, p.arrived, p.flow, p.interactive = a, now, kind.Flow, kind.Interactive
	s.push(now, q, p)
}

// makeRoom drops what is too much for another packet of n bytes. It returns false, and counts the packet as dropped, if it has no room.
func (s *Scheduler) makeRoom(q *queue, n int) bool {
	if q.flows == nil {
		q.acquire()
	}
	s.held -= q.flows.cost
	fits := s.shrink(q, n)
	s.held += q.flows.cost
	if !fits && q.turn.state == idle {
		q.release()
	}
	return fits
}

// shrink is makeRoom without counting what the queue holds.
func (s *Scheduler) shrink(q *queue, n int) bool {
	counters := &q.class.counters
	limit, dropped := min(max(q.limit, flowBacklog*len(q.flows.all)), maxBacklog), &counters.DroppedFull
	// Each queue may hold as much as is still free, so that however many hold a lot, there is room for another one.
	if free := (s.memory - s.held) / 2; free < limit {
		limit, dropped = free, &counters.DroppedMemory
	}
	for q.flows.cost+cost(n) > limit {
		if !q.flows.shrink(dropped) {
			*dropped++
			return false
		}
	}
	return true
}

func (s *Scheduler) push(now time.Duration, q *queue, p *Packet) {
	q.flows.push(now, p)
	s.held += cost(len(p.Raw))
	if q.turn.state != idle {
		return
	}
	q.deficit = quantum
	q.class.instance.active++
	s.place(now, q)
}

// place lets a queue take turns, now or when its account's cap permits.
func (s *Scheduler) place(now time.Duration, q *queue) {
	at := q.account.bucket.wait(now)
	if at == 0 {
		q.class.order.ready(&q.turn)
	} else {
		q.class.order.wait(&q.turn, at)
	}
	i := q.class.instance
	at = max(at, q.class.ceiling.wait(now), i.bucket.wait(now))
	switch {
	case i.turn.state == ready || i.turn.state == waiting && i.turn.at <= at:
	case at == 0:
		s.instances.ready(&i.turn)
	default:
		s.instances.wait(&i.turn, at)
	}
}

// Pop returns the next packet that may leave, nil if there is none. The caller has to release it.
func (s *Scheduler) Pop(now time.Duration) *Packet {
	s.instances.advance(now)
	for s.instances.first != nil {
		i := s.instances.first.instance
		if i.bucket.opens() > now {
			s.instances.wait(s.instances.remove(), i.bucket.wait(now))
			continue
		}
		if p := i.pop(now, s); p != nil {
			i.bucket.take(now, len(p.Raw))
			s.instances.rotate()
			return p
		}
		t := s.instances.remove()
		if at, ok := i.next(now); ok {
			s.instances.wait(t, at)
		}
	}
	return nil
}

// Next returns when to call Pop next: it has no packet earlier. A time before now means at once. ok is false if nothing is queued.
func (s *Scheduler) Next() (at time.Duration, ok bool) {
	if t := s.instances.first; t != nil {
		return t.instance.bucket.opens(), true
	}
	return s.instances.next()
}

// spares are the flows of queues without packets, which take 4 KB each.
var spares = sync.Pool{New: func() any { return &flows{} }}

// acquire gives a queue its flows.
func (q *queue) acquire() {
	q.flows = spares.Get().(*flows)
	q.flows.counters, q.flows.budget, q.flows.packet = &q.class.counters, &q.budget, q.packet
}

// release takes the flows from a queue that has no packets left.
func (q *queue) release() {
	q.flows.counters, q.flows.budget = nil, nil
	spares.Put(q.flows)
	q.flows = nil
}
