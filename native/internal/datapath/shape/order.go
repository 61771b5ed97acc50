package shape

import (
	stdheap "container/heap"
	"time"
)

// order is who takes turns: those that may send now, round robin, and those that may send later, the earliest first.
type order struct {
	first, last *turn
	waiting     heap
}

// turn is a member of an order: a queue of its class, or an instance of the scheduler.
type turn struct {
	queue    *queue
	instance *Instance

	state state
	at    time.Duration // in waiting: when it may send
	index int           // in waiting
	next  *turn         // in ready
}

type state uint8

const (
	idle state = iota
	ready
	waiting
)

// isEmpty is true if nobody has anything to send.
func (o *order) isEmpty() bool { return o.first == nil && len(o.waiting) == 0 }

// ready adds one that is idle or waiting to those that may send now.
func (o *order) ready(t *turn) {
	if t.state == waiting {
		stdheap.Remove(&o.waiting, t.index)
	}
	o.append(t)
}

func (o *order) append(t *turn) {
	t.state, t.next = ready, nil
	if o.last == nil {
		o.first = t
	} else {
		o.last.next = t
	}
	o.last = t
}

// wait makes one that is idle or waiting wait until a time.
func (o *order) wait(t *turn, at time.Duration) {
	t.at = at
	if t.state == waiting {
		stdheap.Fix(&o.waiting, t.index)
		return
	}
	t.state = waiting
	stdheap.Push(&o.waiting, t)
}

// remove removes the first one of those that may send now, which becomes idle, and returns it.
func (o *order) remove() *turn {
	t := o.first
	if o.first = t.next; o.first == nil {
		o.last = nil
	}
	t.state, t.next = idle, nil
	return t
}

// rotate moves the first one to the end.
func (o *order) rotate() {
	if o.first != o.last {
		o.append(o.remove())
	}
}

// advance moves those that may send by now from waiting to ready.
func (o *order) advance(now time.Duration) {
	for len(o.waiting) > 0 && o.waiting[0].at <= now {
		o.ready(o.waiting[0])
	}
}

// next returns when the first one may send, 0 = now; ok is false if nobody has anything to send.
func (o *order) next() (at time.Duration, ok bool) {
	switch {
	case o.first != nil:
		return 0, true
	case len(o.waiting) > 0:
		return o.waiting[0].at, true
	}
	return 0, false
}

// heap is those that may send later.
type heap []*turn

func (h heap) Len() int           { return len(h) }
func (h heap) Less(i, j int) bool { return h[i].at < h[j].at }

func (h heap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *heap) Push(t any) {
	t.(*turn).index = len(*h)
	*h = append(*h, t.(*turn))
}

// Pop implements heap.Interface.
func (h *heap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}
