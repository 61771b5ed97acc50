package flowlog

import (
	"hash/maphash"
	"math/bits"
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

var unspecified4, unspecified6 = netip.IPv4Unspecified(), netip.IPv6Unspecified()

type entry struct {
	Record
	// closed is when the flow was closed or answered; it is only used if closing is true.
	closed  time.Duration
	closing bool
	// client is the index of its client.
	client int32
	// next is the next flow with the same hash or, of an unused entry, the next unused one. 0 = none.
	next int32
	in   [orders]neighbours
}

// Table counts the flows of clients. If there is no room for a flow, a flow of the client with the most flows ends, and its record waits
// for Due. If too many records wait already, packets without a flow in the table are counted for the client as a whole, in a record
// without the remote address, protocol and ports. So each packet is counted in one record. A Table is not safe for concurrent use: a stage of the data
// path locks it once per batch.
type Table struct {
	seed   maphash.Seed
	limits Limits
	now    time.Duration

	all   []entry // index 0 is not used
	heads []int32 // a power of two
	// fresh is the first entry that was never used, free the list of entries that are unused again.
	fresh, free int32
	closing     ends

	// clients has nil for those that were removed. Due continues at cursor, so that it need not look at all of them again.
	clients []*Client
	cursor  int
	// byCount lists the clients with a number of flows; no client has more than most.
	byCount []*Client
	most    int

	waiting []Record // a ring
	first   int      // index of the oldest waiting record
	stats   Stats
}

// New makes an empty table. The seed is of maphash.MakeSeed, so that nobody can choose flows with the same hash.
func New(limits Limits, seed maphash.Seed) *Table {
	limits.Flows = min(max(limits.Flows, 1), 1<<24)
	limits.PerClient = min(max(limits.PerClient, 1), limits.Flows)
	return &Table{
		seed:    seed,
		limits:  limits,
		all:     make([]entry, limits.Flows+1),
		heads:   make([]int32, 1<<bits.Len(uint(limits.Flows))),
		fresh:   1,
		byCount: make([]*Client, limits.PerClient+1),
		waiting: make([]Record, max(limits.Waiting, 1)),
	}
}

// Stats returns the counters.
func (t *Table) Stats() Stats { return t.stats }

// Crowded is true if so many records wait that Due should be called soon.
func (t *Table) Crowded() bool { return t.stats.Waiting > len(t.waiting)/2 }

// Add adds a client. Its records carry the number of its session.
func (t *Table) Add(session uint64, timeouts Timeouts) *Client {
	c := &Client{session: session, timeouts: timeouts, slot: -1}
	for i := range t.clients {
		if t.clients[i] == nil {
			c.slot = int32(i)
			t.clients[i] = c
			break
		}
	}
	if c.slot < 0 {
		c.slot = int32(len(t.clients))
		t.clients = append(t.clients, c)
	}
	t.enlist(c)
	return c
}

// Remove removes a client. Flush it before: its flows must have ended.
func (t *Table) Remove(c *Client) {
	t.delist(c)
	t.clients[c.slot] = nil
}

// Count counts a packet of a size in bytes. It does not allocate. now is a monotonic clock.
func (t *Table) Count(now time.Duration, c *Client, d rules.Direction, h *packet.Header, size int) {
	t.now = max(t.now, now)
	if !h.Valid {
		c.countRest(t.now, d, h, size)
		return
	}
	i := c.recent[d].flow
	if !c.recent[d].isOf(h) {
		var k Key
		keyOf(&k, c.session, d, h)
		if i = t.find(&k); i == 0 {
			i = t.add(c, &k)
		}
		c.recent[d] = recent{i, h.SrcPort, h.DstPort, h.Protocol, h.Src, h.Dst}
	}
	if i != 0 && t.all[i].closing {
		i = t.reopen(c, i, h)
	}
	if i == 0 {
		c.countRest(t.now, d, h, size)
		return
	}
	f := &t.all[i]
	f.count(t.now, size)
	if c.ends[byUse].newest != i {
		t.unlink(byUse, i)
		t.link(byUse, i)
	}
	switch {
	case h.Protocol == packet.TCP:
		f.Flags |= h.TCPFlags
		if h.TCPFlags&(packet.FIN|packet.RST) != 0 {
			t.closeTCP(i, h.TCPFlags)
		}
	case h.Protocol == packet.UDP && h.SrcPort == dnsPort:
		t.answered(i)
	}
}

// Due moves records that are due to dst and returns how many. If it fills dst, there may be more. Called once a second, it is at most
// that much late.
func (t *Table) Due(now time.Duration, dst []Record) int {
	t.now = max(t.now, now)
	n := t.waited(dst)
	for ; n < len(dst); n++ {
		i := t.closing.oldest
		if i == 0 || t.now-t.all[i].closed < Linger {
			break
		}
		dst[n] = t.remove(i, EndDetected)
	}
	for i := range t.clients {
		at := (t.cursor + i) % len(t.clients)
		if n == len(dst) {
			t.cursor = at
			break
		}
		if c := t.clients[at]; c != nil {
			n += t.dueOf(c, dst[n:])
		}
	}
	return n
}

func (t *Table) dueOf(c *Client, dst []Record) int {
	n := c.takeRest(dst)
	for ; n < len(dst); n++ {
		i := c.ends[byUse].oldest
		if i == 0 || t.now-t.all[i].Last < c.timeouts.Inactive {
			break
		}
		dst[n] = t.remove(i, EndIdle)
	}
	for ; n < len(dst); n++ {
		i := c.ends[byStart].oldest
		if i == 0 || t.now-t.all[i].First < c.timeouts.Active {
			break
		}
		dst[n] = t.remove(i, EndActive)
	}
	return n
}

// Flush moves all records of a client to dst, whether or not they are due, and returns how many. If it fills dst, there may be more. Those that
// wait for Due, of any client, come first.
func (t *Table) Flush(c *Client, dst []Record) int {
	n := t.waited(dst)
	n += c.takeRest(dst[n:])
	for ; n < len(dst) && c.flows > 0; n++ {
		i := c.ends[byUse].oldest
		end := EndForced
		if t.all[i].closing {
			end = EndDetected
		}
		dst[n] = t.remove(i, end)
	}
	return n
}

// wait keeps a record for Due. There must be room.
func (t *Table) wait(r Record) {
	t.waiting[(t.first+t.stats.Waiting)%len(t.waiting)] = r
	t.stats.Waiting++
}

// waited moves waiting records to dst.
func (t *Table) waited(dst []Record) int {
	n := 0
	for ; n < len(dst) && t.stats.Waiting > 0; n++ {
		dst[n] = t.waiting[t.first]
		t.first = (t.first + 1) % len(t.waiting)
		t.stats.Waiting--
	}
	return n
}

// makeRoom ends a flow if there is no room for another one of a client: of the client's own if it has reached its limit, else of the client with the most.
// It returns false if that is not possible.
func (t *Table) makeRoom(c *Client) bool {
	full := t.stats.Flows == t.limits.Flows
	if c.flows < t.limits.PerClient && !full {
		return true
	}
	if t.stats.Waiting == len(t.waiting) {
		return false
	}
	if c.flows < t.limits.PerClient {
		c = t.byCount[t.most]
	}
	t.wait(t.remove(c.ends[byUse].oldest, EndEviction))
	t.stats.Evicted++
	return true
}

func (t *Table) head(k *Key) *int32 {
	return &t.heads[maphash.Comparable(t.seed, *k)&uint64(len(t.heads)-1)]
}

// find returns the index of a flow, 0 = none.
func (t *Table) find(k *Key) int32 {
	i := *t.head(k)
	for i != 0 && t.all[i].Key != *k {
		i = t.all[i].next
	}
	return i
}

// add adds a flow that is not in the table. It returns 0 if there is no room.
func (t *Table) add(c *Client, k *Key) int32 {
	if !t.makeRoom(c) {
		return 0
	}
	i := t.free
	if i != 0 {
		t.free = t.all[i].next
	} else {
		i = t.fresh
		t.fresh++
	}
	head := t.head(k)
	t.all[i] = entry{Record: Record{Key: *k, First: t.now}, client: c.slot, next: *head}
	*head = i
	t.link(byUse, i)
	t.link(byStart, i)
	t.stats.Flows++
	t.recount(c, 1)
	return i
}

// remove ends a flow and returns its record.
func (t *Table) remove(i int32, end End) Record {
	f := &t.all[i]
	at := t.head(&f.Key)
	for *at != i {
		at = &t.all[*at].next
	}
	*at = f.next
	t.unsetClosing(i)
	t.unlink(byUse, i)
	t.unlink(byStart, i)
	f.End = end
	f.next, t.free = t.free, i
	c := t.clients[f.client]
	if c.recent[f.Direction].flow == i {
		c.recent[f.Direction].flow = 0
	}
	t.stats.Flows--
	t.recount(c, -1)
	return f.Record
}
