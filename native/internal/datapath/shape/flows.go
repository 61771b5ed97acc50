package shape

import "time"

const (
	// buckets is the number of queues. Two flows with the same hash share one.
	buckets = 2048
	// quantum is how many bytes a flow may send in one turn.
	quantum = 1514
	// interactivePart is the part of the rate that interactive packets may use before others, and interactiveDepth, at least
	// interactiveBytes, how much of it at once.
	interactivePart  = 2
	interactiveDepth = 50 * time.Millisecond
	interactiveBytes = 8 << 10
	// spareFlows is how many unused flows are kept for reuse.
	spareFlows = 16
)

// flows are the FQ-CoDel queues of one account in one class (RFC 8290). Sparse flows, which have just become active, come before those with
// a backlog (bulk), and flows whose next packet is interactive before all others, up to a part of the rate. Packets of a flow stay in order.
type flows struct {
	table                     [buckets]uint16 // index in all, plus 1
	all                       []*flow
	interactive, sparse, bulk list
	spare                     []*flow

	// budget limits what interactive packets use before others. It belongs to the queue.
	budget *bucket
	// packet is how long a full packet takes at the rate.
	packet time.Duration

	// cost is the memory that all packets take, bytes.
	cost     int
	counters *Counters
}

// push queues a packet.
func (q *flows) push(now time.Duration, p *Packet) {
	f := q.find(p.flow)
	promoted := p.interactive && f.head == nil && q.budget.opens() <= now
	switch {
	case promoted:
		q.interactive.add(f)
	case f.in == nil:
		f.deficit = quantum
		q.sparse.add(f)
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

// pop returns the packet that may pass next, nil if there is none. turn is how long the other queues that share the link take for their
// turns.
func (q *flows) pop(now, turn time.Duration) *Packet {
	for {
		if f := q.interactive.first; f != nil {
			if p := q.popInteractive(now, f); p != nil {
				return p
			}
			continue
		}
		f := q.sparse.first
		if f == nil {
			f = q.bulk.first
		}
		if f == nil {
			return nil
		}
		if f.deficit <= 0 {
			f.deficit += quantum
			q.bulk.add(f)
			continue
		}
		p := f.dequeue(now, q.codelParams(turn), q.dropDelayed)
		switch {
		case p != nil:
			f.deficit -= len(p.Raw)
			q.cost -= cost(len(p.Raw))
			return p
		case f.in == &q.sparse && q.bulk.first != nil: // otherwise a flow that sends little by little would always be a sparse one
			q.bulk.add(f)
		default:
			q.forget(f)
		}
	}
}

// popInteractive returns the next packet of the first interactive flow, nil if the flow no longer is one.
func (q *flows) popInteractive(now time.Duration, f *flow) *Packet {
	switch {
	case f.head == nil:
		q.forget(f)
		return nil
	case !f.head.interactive || q.budget.opens() > now:
		f.deficit = quantum
		q.sparse.add(f)
		return nil
	}
	p := f.pop()
	q.cost -= cost(len(p.Raw))
	q.budget.take(now, len(p.Raw))
	if f.head == nil {
		q.forget(f)
	} else {
		q.interactive.add(f)
	}
	return p
}

// codelParams returns CoDel's parameters. With a low rate and many flows, a packet waits for the turns of the others, which is no reason to
// drop it.
func (q *flows) codelParams(turn time.Duration) codelParams {
	packet := max(q.packet, turn)
	target := max(codelTarget, packet*3/2, 2*packet*time.Duration(q.sparse.count+q.bulk.count))
	return codelParams{target, max(codelInterval, 2*target)}
}

// shrink drops the oldest packet of the flow with the longest queue, and counts it. It returns false if nothing is queued.
func (q *flows) shrink(count *uint64) bool {
	var longest *flow
	for _, f := range q.all {
		if f.head != nil && (longest == nil || f.bytes > longest.bytes) {
			longest = f
		}
	}
	if longest == nil {
		return false
	}
	q.drop(longest.pop(), count)
	if longest.head == nil {
		q.forget(longest)
	}
	return true
}

// takeAll removes all packets and returns them as a list, each flow in its order.
func (q *flows) takeAll() (first *Packet) {
	for len(q.all) > 0 {
		f := q.all[len(q.all)-1]
		if f.tail != nil {
			f.tail.next, first = first, f.head
		}
		q.forget(f)
	}
	q.cost = 0
	return first
}

func (q *flows) drop(p *Packet, count *uint64) {
	q.cost -= cost(len(p.Raw))
	*count++
	p.Release()
}

func (q *flows) dropDelayed(p *Packet) { q.drop(p, &q.counters.DroppedDelay) }
