package shape

import (
	"time"

	"sag.software/native/internal/mtu"
)

// DefaultClass is the class of packets that belong to none of Config.Classes. It comes last.
const DefaultClass = -1

// defaultPart is the part of the bandwidth that is guaranteed to the default class, so that classes that may use all of it do not stop
// everything else.
const defaultPart = 20

// Config is what limits an instance in one direction.
type Config struct {
	// Bandwidth is the limit of all classes together, bit/s; 0 = no limit.
	Bandwidth uint64
	// Classes are in order of priority.
	Classes []ClassConfig
}

// ClassConfig is a class of traffic. When bandwidth is short, classes get their guaranteed rates first, in order of priority; what is left
// is borrowed in the same order, by each class up to its ceiling.
type ClassConfig struct {
	// ID identifies the class when the configuration changes.
	ID string
	// Rate is guaranteed, bit/s; 0 = nothing is. Ceiling is the most that the class gets, bit/s; 0 = no limit of its own.
	Rate, Ceiling uint64
}

// Counters count the packets of a class that have left, and those dropped, by reason.
type Counters struct {
	Packets, Bytes uint64
	// DroppedFull counts packets dropped because their queue was full, DroppedMemory because the memory of all queues was, and DroppedDelay
	// those that CoDel dropped because packets waited too long.
	DroppedFull, DroppedMemory, DroppedDelay uint64
}

// Dropped is the sum of all reasons.
func (c Counters) Dropped() uint64 { return c.DroppedFull + c.DroppedMemory + c.DroppedDelay }

// Instance is the traffic of a SAG instance in one direction.
type Instance struct {
	bucket bucket
	// classes are in order of priority; the last one is the default class.
	classes []*class
	// packet is how long a full packet takes at the bandwidth; active is the number of queues that have packets.
	packet time.Duration
	active int
	turn   turn
}

// class is a class of an instance.
type class struct {
	id       string
	instance *Instance
	// guaranteed is only meaningful with a rate.
	guaranteed, ceiling bucket
	// order is the turns of the accounts' queues.
	order    order
	counters Counters
}

// NewInstance makes an instance without limits.
func NewInstance() *Instance {
	i := &Instance{}
	i.turn.instance = i
	i.classes = []*class{{instance: i}}
	return i
}

// Configure changes the limits and the classes of an instance. Packets that wait are queued again, in the classes that classify returns
// (an index into Classes, or DefaultClass), so that the change applies to them as well.
func (s *Scheduler) Configure(now time.Duration, i *Instance, config Config, classify func(*Packet) int) {
	queued := s.takeAll(i)
	former := map[string]*class{}
	for _, c := range i.classes {
		former[c.id] = c
	}
	i.bucket.set(now, bytesPerSecond(config.Bandwidth), burst)
	i.packet = i.bucket.transmission(mtu.Ceiling)
	i.classes = nil
	for _, each := range config.Classes {
		i.add(now, each, former)
	}
	rest := ClassConfig{}
	if len(config.Classes) > 0 {
		rest.Rate = config.Bandwidth / defaultPart
	}
	i.add(now, rest, former)
	for queued != nil {
		p := queued
		queued, p.next = p.next, nil
		if q := p.account.queue(classify(p)); s.makeRoom(q, len(p.Raw)) {
			s.push(now, q, p)
		} else {
			p.Release()
		}
	}
}

// add appends a class. It continues the counters and the token buckets of a former one with its id.
func (i *Instance) add(now time.Duration, config ClassConfig, former map[string]*class) {
	c := &class{id: config.ID, instance: i}
	if old := former[config.ID]; old != nil {
		c.counters, c.guaranteed, c.ceiling = old.counters, old.guaranteed, old.ceiling
	}
	c.guaranteed.set(now, bytesPerSecond(config.Rate), burst)
	c.ceiling.set(now, bytesPerSecond(config.Ceiling), burst)
	i.classes = append(i.classes, c)
}

// takeAll removes all packets of an instance and returns them as a list. Those of a flow are in order.
func (s *Scheduler) takeAll(i *Instance) (first *Packet) {
	take := func(q *queue) {
		s.held -= q.flows.cost
		for p := q.flows.takeAll(); p != nil; {
			next := p.next
			p.next, first = first, p
			p = next
		}
		q.turn.state = idle
		q.release()
		i.active--
	}
	for _, c := range i.classes {
		for c.order.first != nil {
			take(c.order.remove().queue)
		}
		for _, t := range c.order.waiting {
			take(t.queue)
		}
		c.order = order{}
	}
	return reversed(first)
}

func reversed(p *Packet) (first *Packet) {
	for p != nil {
		p, p.next, first = p.next, first, p
	}
	return first
}

// Counters returns those of a class.
func (i *Instance) Counters(index int) Counters { return i.class(index).counters }

func (i *Instance) class(index int) *class {
	if index < 0 || index >= len(i.classes) {
		index = len(i.classes) - 1
	}
	return i.classes[index]
}

// pop returns the packet that may leave next, nil if there is none: first from the classes within their guaranteed rates, then from those
// that borrow.
func (i *Instance) pop(now time.Duration, s *Scheduler) *Packet {
	for _, c := range i.classes {
		if c.guaranteed.rate > 0 && c.guaranteed.opens() <= now {
			if p := c.pop(now, s); p != nil {
				c.guaranteed.take(now, len(p.Raw))
				return p
			}
		}
	}
	for _, c := range i.classes {
		if p := c.pop(now, s); p != nil {
			return p
		}
	}
	return nil
}

// next returns when pop may have a packet; ok is false if nothing is queued. It is called after pop returned nil.
func (i *Instance) next(now time.Duration) (at time.Duration, ok bool) {
	for _, c := range i.classes {
		if next, any := c.order.next(); any {
			if next = max(next, c.ceiling.wait(now)); !ok || next < at {
				at, ok = next, true
			}
		}
	}
	return at, ok
}

// pop returns the packet of the class that may leave next within the ceiling and the accounts' caps, nil if there is none.
func (c *class) pop(now time.Duration, s *Scheduler) *Packet {
	if c.order.isEmpty() || c.ceiling.opens() > now {
		return nil
	}
	c.order.advance(now)
	for c.order.first != nil {
		q := c.order.first.queue
		switch {
		case q.account.bucket.opens() > now:
			c.order.wait(c.order.remove(), q.account.bucket.wait(now))
			continue
		case q.deficit <= 0:
			q.deficit += quantum
			c.order.rotate()
			continue
		}
		before := q.flows.cost
		p := q.flows.pop(now, c.instance.packet*time.Duration(c.instance.active))
		s.held -= before - q.flows.cost
		if p == nil {
			c.order.remove()
			q.release()
			c.instance.active--
			continue
		}
		q.deficit -= len(p.Raw)
		q.account.bucket.take(now, len(p.Raw))
		c.ceiling.take(now, len(p.Raw))
		c.counters.Packets++
		c.counters.Bytes += uint64(len(p.Raw))
		return p
	}
	return nil
}

// bytesPerSecond converts from bit/s.
func bytesPerSecond(rate uint64) float64 { return float64(rate) / 8 }
