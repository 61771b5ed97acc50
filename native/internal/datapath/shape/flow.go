package shape

// flow is the queue of one flow, or of several with the same hash.
type flow struct {
	head, tail *Packet
	// bytes and cost are what is queued: packets' lengths and the memory they take.
	bytes, cost int
	// deficit is how many bytes the flow may send before it is another flow's turn (deficit round robin).
	deficit int
	codel   codel

	key   uint16
	index int // in flows.all
	// in is the list that the flow is in, nil = none.
	in             *list
	before, behind *flow
}

func (f *flow) push(p *Packet) {
	if f.tail == nil {
		f.head = p
	} else {
		f.tail.next = p
	}
	f.tail = p
	f.bytes += len(p.Raw)
	f.cost += cost(len(p.Raw))
}

func (f *flow) pop() *Packet {
	p := f.head
	if p == nil {
		return nil
	}
	if f.head = p.next; f.head == nil {
		f.tail = nil
	}
	p.next = nil
	f.bytes -= len(p.Raw)
	f.cost -= cost(len(p.Raw))
	return p
}

// list is a list of flows that take turns.
type list struct {
	first, last *flow
	count       int
}

// add puts a flow at the end, after removing it from the list that it was in.
func (l *list) add(f *flow) {
	f.leave()
	if f.in, f.before = l, l.last; l.last == nil {
		l.first = f
	} else {
		l.last.behind = f
	}
	l.last = f
	l.count++
}

// leave removes the flow from its list.
func (f *flow) leave() {
	l := f.in
	if l == nil {
		return
	}
	if f.before == nil {
		l.first = f.behind
	} else {
		f.before.behind = f.behind
	}
	if f.behind == nil {
		l.last = f.before
	} else {
		f.behind.before = f.before
	}
	f.in, f.before, f.behind = nil, nil, nil
	l.count--
}
