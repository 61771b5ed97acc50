package shape

import stdheap "container/heap"

// ring is the classes that may send now.
type ring struct{ first, last *Class }

func (r *ring) add(c *Class) {
	c.state, c.behind = ready, nil
	if r.last == nil {
		r.first = c
	} else {
		r.last.behind = c
	}
	r.last = c
}

// remove removes the first one.
func (r *ring) remove() {
	c := r.first
	if r.first = c.behind; r.first == nil {
		r.last = nil
	}
	c.behind = nil
}

// heap is the classes that may send later, the earliest first.
type heap []*Class

func (h *heap) push(c *Class) {
	c.state = waiting
	stdheap.Push(h, c)
}

func (h *heap) pop() *Class       { return stdheap.Pop(h).(*Class) }
func (h *heap) remove(c *Class)   { stdheap.Remove(h, c.index) }
func (h heap) Len() int           { return len(h) }
func (h heap) Less(i, j int) bool { return h[i].opens < h[j].opens }

func (h heap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *heap) Push(c any) {
	c.(*Class).index = len(*h)
	*h = append(*h, c.(*Class))
}

// Pop implements heap.Interface.
func (h *heap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return c
}
