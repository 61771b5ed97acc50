// Package shape holds packets back so that they leave at a limited rate: of an instance as a whole (Tree), and of each account in one
// direction (Class). Within a class, flows share the rate fairly, and DNS, ping, small datagrams and TCP's control packets come first, so
// that a large transfer delays nothing else. It is pure: the clock is handed in, as the time since a fixed moment.
package shape

import (
	"time"

	"sag.software/native/internal/mtu"
)

const (
	// A class holds what its rate carries in backlog, and flowBacklog for each flow, within the other two, bytes. With less for a flow, the
	// windows of many connections do not fit at a low rate, and most of what they send is lost.
	backlog      = 100 * time.Millisecond
	flowBacklog  = 8 * largeBuffer
	leastBacklog = 24 << 10
	mostBacklog  = 512 << 10
	// slack is how much later a class with a high rate continues, so that several packets leave together.
	slack = time.Millisecond
)

// Tree is the classes of one direction and the limit that they share. Classes take turns at it: what one does not use, the others may.
// It is not safe for concurrent use.
type Tree struct {
	bucket bucket
	// memory is the most that all classes may hold, bytes; held is what they do.
	memory, held int
	// ready are the classes that may send now, in turn; waiting those that may send later.
	ready   ring
	waiting heap
}

// NewTree makes a tree without limit that holds at most memory bytes of packets.
func NewTree(memory int) *Tree { return &Tree{memory: memory} }

// Limit limits all classes together, bit/s; 0 = no limit.
func (t *Tree) Limit(now time.Duration, rate uint64) {
	t.bucket.set(now, float64(rate)/8, burst)
}

// Class is the traffic of one account in one direction.
type Class struct {
	bucket bucket
	flows  flows
	limit  int // of flows.cost, with few flows
	// credit is how many bytes the class may send before it is another's turn.
	credit int

	state  state
	opens  time.Duration // in waiting: when it may send
	index  int           // in waiting
	behind *Class        // in ready
}

type state uint8

const (
	idle state = iota
	ready
	waiting
)

// NewClass makes a class with a limit, bit/s; 0 = none.
func NewClass(rate uint64) *Class {
	c := &Class{}
	c.set(0, rate)
	return c
}

// SetRate changes the limit of a class, bit/s; 0 = none. It takes effect with the next packet.
func (t *Tree) SetRate(now time.Duration, c *Class, rate uint64) {
	c.set(now, rate)
	if c.state == waiting {
		t.waiting.remove(c)
		t.place(now, c, 0)
	}
}

func (c *Class) set(now time.Duration, rate uint64) {
	perSecond := float64(rate) / 8
	c.bucket.set(now, perSecond, burst)
	c.flows.set(now, perSecond)
	c.limit = mostBacklog
	if rate > 0 {
		c.limit = min(max(int(perSecond*backlog.Seconds()), leastBacklog), mostBacklog)
	}
}

// Dropped returns the number of packets dropped so far.
func (c *Class) Dropped() uint64 { return c.flows.dropped }

// IsEmpty is true if no packet waits.
func (c *Class) IsEmpty() bool { return c.flows.cost == 0 }

// Push queues a copy of a packet, as the kind that Classify returns. If too much is queued, the oldest packets of the flow with the largest
// backlog are dropped.
func (t *Tree) Push(now time.Duration, c *Class, raw []byte, kind Kind) {
	t.held -= c.flows.cost
	// Each class may hold as much as is still free, so that however many hold a lot, there is room for another one.
	size, limit := cost(len(raw)), min(max(c.limit, flowBacklog*len(c.flows.all)), mostBacklog, (t.memory-t.held)/2)
	for c.flows.cost+size > limit {
		if !c.flows.shrink() {
			c.flows.dropped++
			t.held += c.flows.cost
			return
		}
	}
	p := hold(raw)
	p.arrived, p.flow, p.urgent = now, kind.Flow, kind.Urgent
	c.flows.push(now, p)
	t.held += c.flows.cost
	if c.state == idle {
		t.place(now, c, 0)
	}
}

// Pop returns the next packet that may leave, nil if there is none. The caller has to release it.
func (t *Tree) Pop(now time.Duration) *Held {
	if t.bucket.opens() > now {
		return nil
	}
	for t.waiting.Len() > 0 && t.waiting[0].opens <= now {
		t.ready.add(t.waiting.pop())
	}
	for {
		c := t.ready.first
		switch {
		case c == nil:
			return nil
		case c.bucket.opens() > now:
			t.ready.remove()
			t.place(now, c, c.slack())
			continue
		case c.credit <= 0:
			c.credit += quantum
			t.ready.remove()
			t.ready.add(c)
			continue
		}
		before := c.flows.cost
		p := c.flows.pop(now)
		t.held -= before - c.flows.cost
		if p == nil {
			t.ready.remove()
			c.state = idle
			continue
		}
		c.credit -= len(p.Raw)
		c.bucket.take(now, len(p.Raw))
		t.bucket.take(now, len(p.Raw))
		return p
	}
}

// Next returns when Pop has a packet; ok is false if nothing waits. The time may be in the past.
func (t *Tree) Next() (at time.Duration, ok bool) {
	switch {
	case t.ready.first != nil:
		return t.bucket.opens(), true
	case t.waiting.Len() > 0:
		return max(t.bucket.opens(), t.waiting[0].opens), true
	}
	return 0, false
}

// place puts a class where it belongs by its bucket.
func (t *Tree) place(now time.Duration, c *Class, slack time.Duration) {
	if c.opens = c.bucket.opens(); c.opens <= now {
		c.credit = quantum
		t.ready.add(c)
		return
	}
	c.opens += slack
	t.waiting.push(c)
}

// slack is 0 where a packet takes longer.
func (c *Class) slack() time.Duration {
	if c.bucket.lasts(mtu.Ceiling) > slack {
		return 0
	}
	return slack
}
