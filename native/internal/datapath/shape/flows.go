package shape

import (
	"time"

	"sag.software/native/internal/mtu"
)

const (
	// buckets is the number of queues. Two flows with the same hash share one.
	buckets = 2048
	// quantum is how many bytes a flow may send in one turn.
	quantum = 1514
	// urgentPart is the part of the rate that urgent packets may use before others, and urgentDepth, at least urgentBytes, how much of it
	// at once.
	urgentPart  = 2
	urgentDepth = 50 * time.Millisecond
	urgentBytes = 8 << 10
	// spareFlows is how many unused flows are kept for reuse.
	spareFlows = 16
)

// flows are the queues of one class (RFC 8290). Flows take turns; one that has just become active comes before those with a backlog, and
// one whose next packet is urgent before all others, up to a part of the rate. Packets of a flow stay in order.
type flows struct {
	table              [buckets]uint16 // index in all, plus 1
	all                []*flow
	urgent, fresh, old list
	spare              []*flow

	budget bucket
	// packet is how long a full packet takes at the class's rate.
	packet time.Duration

	// cost is the memory that all packets take, bytes.
	cost int
	// dropped is the number of packets dropped.
	dropped uint64
}

// set adapts to the rate of the class, bytes per second; 0 = unlimited.
func (q *flows) set(now time.Duration, rate float64) {
	one := bucket{rate: rate}
	q.packet = one.lasts(mtu.Ceiling)
	one.rate = rate / urgentPart
	q.budget.set(now, one.rate, max(urgentDepth, one.lasts(urgentBytes)))
}

// push queues a packet.
func (q *flows) push(now time.Duration, p *Held) {
	f := q.find(p.flow)
	promoted := p.urgent && f.head == nil && q.budget.opens() <= now
	switch {
	case promoted:
		q.urgent.add(f)
	case f.in == nil:
		f.credit = quantum
		q.fresh.add(f)
	}
	f.push(p)
	q.cost += cost(len(p.Raw))
}

func (q *flows) find(key uint16) *flow {
	key %= buckets
	if i := q.table[key]; i > 0 {
		return q.all[i-1]
	}
	var f *flow
	if n := len(q.spare); n > 0 {
		f, q.spare = q.spare[n-1], q.spare[:n-1]
	} else {
		f = &flow{}
	}
	f.key, f.index = key, len(q.all)
	q.all = append(q.all, f)
	q.table[key] = uint16(len(q.all))
	return f
}

// forget removes an empty flow.
func (q *flows) forget(f *flow) {
	f.leave()
	last := len(q.all) - 1
	moved := q.all[last]
	q.all[f.index], moved.index = moved, f.index
	q.table[moved.key] = uint16(f.index + 1)
	q.table[f.key] = 0
	q.all[last] = nil
	q.all = q.all[:last]
	*f = flow{}
	if len(q.spare) < spareFlows {
		q.spare = append(q.spare, f)
	}
}

// pop returns the packet that may pass next, nil if there is none.
func (q *flows) pop(now time.Duration) *Held {
	for {
		if f := q.urgent.first; f != nil {
			if p := q.popUrgent(now, f); p != nil {
				return p
			}
			continue
		}
		f := q.fresh.first
		if f == nil {
			f = q.old.first
		}
		if f == nil {
			return nil
		}
		if f.credit <= 0 {
			f.credit += quantum
			q.old.add(f)
			continue
		}
		p := f.dequeue(now, q.patience(), q.drop)
		switch {
		case p != nil:
			f.credit -= len(p.Raw)
			q.cost -= cost(len(p.Raw))
			return p
		case f.in == &q.fresh && q.old.first != nil: // otherwise a flow that sends little by little would always be a new one
			q.old.add(f)
		default:
			q.forget(f)
		}
	}
}

// popUrgent returns the next packet of the first urgent flow, nil if the flow no longer is one.
func (q *flows) popUrgent(now time.Duration, f *flow) *Held {
	switch {
	case f.head == nil:
		q.forget(f)
		return nil
	case !f.head.urgent || q.budget.opens() > now:
		f.credit = quantum
		q.fresh.add(f)
		return nil
	}
	p := f.pop()
	q.cost -= cost(len(p.Raw))
	q.budget.take(now, len(p.Raw))
	if f.head == nil {
		q.forget(f)
	} else {
		q.urgent.add(f)
	}
	return p
}

// patience returns CoDel's parameters. With a low rate and many flows, a packet waits for the turns of the others, which is no reason to
// drop it.
func (q *flows) patience() delays {
	target := max(codelTarget, q.packet*3/2, 2*q.packet*time.Duration(q.fresh.count+q.old.count))
	return delays{target, max(codelInterval, 2*target)}
}

// shrink drops the oldest packet of the flow with the largest backlog. It returns false if nothing is queued.
func (q *flows) shrink() bool {
	var fattest *flow
	for _, f := range q.all {
		if f.head != nil && (fattest == nil || f.bytes > fattest.bytes) {
			fattest = f
		}
	}
	if fattest == nil {
		return false
	}
	q.drop(fattest.pop())
	if fattest.head == nil {
		q.forget(fattest)
	}
	return true
}

func (q *flows) drop(p *Held) {
	q.cost -= cost(len(p.Raw))
	q.dropped++
	p.Release()
}
