package flowlog

// order is one of the orders of a table's flows.
type order int

const (
	byUse     order = iota // a client's, by the last packet
	byStart                // a client's, by the first packet
	byClosing              // all that were closed or answered, by when that was
	orders
	perClient = byClosing
)

type neighbours struct{ newer, older int32 }

// ends are the ends of an order, 0 = it is empty.
type ends struct{ newest, oldest int32 }

// endsOf returns the ends of an order that a flow is in.
func (t *Table) endsOf(o order, i int32) *ends {
	if o == byClosing {
		return &t.closing
	}
	return &t.clients[t.all[i].client].ends[o]
}

// link inserts a flow into an order as the newest.
func (t *Table) link(o order, i int32) {
	ends := t.endsOf(o, i)
	t.all[i].in[o] = neighbours{older: ends.newest}
	if ends.newest != 0 {
		t.all[ends.newest].in[o].newer = i
	} else {
		ends.oldest = i
	}
	ends.newest = i
}

func (t *Table) unlink(o order, i int32) {
	ends, at := t.endsOf(o, i), t.all[i].in[o]
	if at.newer != 0 {
		t.all[at.newer].in[o].older = at.older
	} else {
		ends.newest = at.older
	}
	if at.older != 0 {
		t.all[at.older].in[o].newer = at.newer
	} else {
		ends.oldest = at.newer
	}
}

// enlist adds a client to those with its number of flows.
func (t *Table) enlist(c *Client) {
	head := &t.byCount[c.flows]
	c.previous, c.after = nil, *head
	if *head != nil {
		(*head).previous = c
	}
	*head = c
}

// delist removes a client from those with its number of flows.
func (t *Table) delist(c *Client) {
	if c.previous != nil {
		c.previous.after = c.after
	} else {
		t.byCount[c.flows] = c.after
	}
	if c.after != nil {
		c.after.previous = c.previous
	}
}

// recount changes the number of a client's flows by 1 or -1.
func (t *Table) recount(c *Client, by int) {
	t.delist(c)
	last := t.byCount[c.flows] == nil && t.most == c.flows
	c.flows += by
	t.enlist(c)
	if last || c.flows > t.most {
		t.most = c.flows
	}
}
