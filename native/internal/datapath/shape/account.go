package shape

import (
	"time"

	"sag.software/native/internal/mtu"
)

// Account is the traffic of one account in one direction.
type Account struct {
	instance *Instance
	bucket   bucket
	// queues are by class, of the instance's classes when they were made.
	queues  []*queue
	classes []*class
}

// queue is an account's packets in one class.
type queue struct {
	account *Account
	class   *class
	// flows is nil while no packet is queued.
	flows *flows
	// rate is the lowest of the limits above, bytes per second, 0 = none; limit is that of flows.cost, with few flows.
	rate  float64
	limit int
	// packet is how long a full packet takes at the rate; budget limits what interactive packets use before others.
	packet time.Duration
	budget bucket
	// deficit is how many bytes the queue may send before it is another one's turn.
	deficit int
	turn    turn
}

// NewAccount makes an account of an instance with a cap, bit/s; 0 = none.
func NewAccount(i *Instance, cap uint64) *Account {
	a := &Account{instance: i}
	a.bucket.set(0, bytesPerSecond(cap), burst)
	return a
}

// SetCap changes the cap of an account, bit/s; 0 = none. It takes effect with the next packet.
func (s *Scheduler) SetCap(now time.Duration, a *Account, cap uint64) {
	a.bucket.set(now, bytesPerSecond(cap), burst)
	if !a.isCurrent() {
		a.queues = nil
	}
	for _, q := range a.queues {
		if q == nil {
			continue
		}
		q.adapt(now)
		if q.turn.state == waiting {
			s.place(now, q)
		}
	}
}

// IsEmpty is true if no packet waits.
func (a *Account) IsEmpty() bool {
	for _, q := range a.queues {
		if q != nil && q.flows != nil && q.flows.cost > 0 {
			return false
		}
	}
	return true
}

// isCurrent is false if the instance's classes have changed since the queues were made, which are empty then.
func (a *Account) isCurrent() bool {
	return len(a.classes) > 0 && &a.classes[0] == &a.instance.classes[0]
}

// queue returns the queue in a class.
func (a *Account) queue(index int) *queue {
	if !a.isCurrent() {
		a.classes = a.instance.classes
		a.queues = make([]*queue, len(a.classes))
	}
	if index < 0 || index >= len(a.queues) {
		index = len(a.queues) - 1
	}
	q := a.queues[index]
	if q == nil {
		q = &queue{account: a, class: a.classes[index]}
		q.turn.queue = q
		q.adapt(0)
		a.queues[index] = q
	}
	return q
}

// adapt sets what depends on the limits.
func (q *queue) adapt(now time.Duration) {
	q.rate = 0
	for _, limit := range []float64{q.account.bucket.rate, q.class.ceiling.rate, q.class.instance.bucket.rate} {
		if limit > 0 && (q.rate == 0 || limit < q.rate) {
			q.rate = limit
		}
	}
	q.limit = maxBacklog
	if q.rate > 0 {
		q.limit = min(max(int(q.rate*backlog.Seconds()), minBacklog), maxBacklog)
	}
	one := bucket{rate: q.rate}
	q.packet = one.transmission(mtu.Ceiling)
	one.rate = q.rate / interactivePart
	q.budget.set(now, one.rate, max(interactiveDepth, one.transmission(interactiveBytes)))
	if q.flows != nil {
		q.flows.packet = q.packet
	}
}
