package flowlog

import (
	"hash/maphash"
	"math/bits"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// Limits bound a table. The memory is reserved by New, and used as flows are added: about 170 bytes a flow, 100 a waiting record.
type Limits struct {
	// Flows is the largest number of flows, 1 to 2^24.
	Flows int
	// Waiting is the largest number of records that were evicted and that Due has not returned yet, at least 1.
	Waiting int
}

// Stats are a table's counters.
type Stats struct {
	// Flows is the number of flows in the table, Waiting that of records that were evicted and are not returned yet.
	Flows, Waiting int
	// Evicted is the number of flows that ended because the table was full.
	Evicted uint64
	// Lost counts what Due can never return: evicted while no further record could wait.
	Lost Amount
}

// Amount is a number of records and what they counted.
type Amount struct{ Records, Packets, Bytes uint64 }

// Add adds a record.
func (a *Amount) Add(r *Record) {
	a.Records++
	a.Packets += r.Packets
	a.Bytes += r.Bytes
}

// order is one of the two orders of a table's flows.
type order int

const (
	byUse   order = iota // by the last packet
	byStart              // by the first packet
	orders
)

type neighbours struct{ newer, older int32 }

type entry struct {
	Record
	// next is the next flow with the same hash or, of an unused entry, the next unused one. 0 = none.
	next int32
	in   [orders]neighbours
}

// Table counts flows. It is not safe for concurrent use: a stage of the data path locks it once per batch.
type Table struct {
	seed             maphash.Seed
	active, inactive time.Duration
	now              time.Duration

	all   []entry // index 0 is not used
	heads []int32 // a power of two
	// fresh is the first entry that was never used, free the list of entries that are unused again.
	fresh, free int32
	ends        [orders]struct{ newest, oldest int32 }
	// recent is the flow of the last packet: consecutive packets of a batch usually belong to one flow.
	recent int32

	waiting []Record // a ring
	first   int      // index of the oldest waiting record
	stats   Stats
}

// New makes an empty table. A flow's record is due when no packet came for the inactive timeout, or its first packet is as old as the active
// timeout. The seed is of maphash.MakeSeed, so that nobody can choose flows with the same hash.
func New(limits Limits, active, inactive time.Duration, seed maphash.Seed) *Table {
	flows := min(max(limits.Flows, 1), 1<<24)
	t := &Table{
		seed:    seed,
		all:     make([]entry, flows+1),
		heads:   make([]int32, 1<<bits.Len(uint(flows))),
		fresh:   1,
		waiting: make([]Record, max(limits.Waiting, 1)),
	}
	t.SetTimeouts(active, inactive)
	return t
}

// SetTimeouts changes the timeouts, also for the flows that are in the table.
func (t *Table) SetTimeouts(active, inactive time.Duration) { t.active, t.inactive = active, inactive }

// Stats returns the counters.
func (t *Table) Stats() Stats { return t.stats }

// Count counts a packet of a session. It does not allocate. It returns false for what is not a valid IP packet. If the table is full, the flow
// that has been idle longest is evicted; Due returns its record. now is a monotonic clock.
func (t *Table) Count(now time.Duration, session uint64, d rules.Direction, h *packet.Header) bool {
	if !h.Valid {
		return false
	}
	t.now = max(t.now, now)
	var k Key
	keyOf(&k, session, d, h)
	i := t.recent
	if i == 0 || t.all[i].Key != k {
		if i = t.find(&k); i == 0 {
			i = t.add(&k)
		}
		t.recent = i
	}
	f := &t.all[i]
	f.Packets++
	f.Bytes += uint64(h.Length)
	if h.Protocol == packet.TCP {
		f.Flags |= h.TCPFlags
	}
	f.Last = t.now
	if t.ends[byUse].newest != i {
		t.unlink(byUse, i)
		t.link(byUse, i)
	}
	return true
}

// Due moves records that are due to dst and returns how many. If it fills dst, there may be more. Called once a second, it is at most
// that much late.
func (t *Table) Due(now time.Duration, dst []Record) int {
	t.now = max(t.now, now)
	n := t.evicted(dst)
	for ; n < len(dst); n++ {
		i := t.ends[byUse].oldest
		if i == 0 || t.now-t.all[i].Last < t.inactive {
			break
		}
		dst[n] = t.remove(i, EndIdle)
	}
	for ; n < len(dst); n++ {
		i := t.ends[byStart].oldest
		if i == 0 || t.now-t.all[i].First < t.active {
			break
		}
		dst[n] = t.remove(i, EndActive)
	}
	return n
}

// Flush moves all records to dst, whether or not they are due, and returns how many. If it fills dst, there may be more.
func (t *Table) Flush(dst []Record) int {
	n := t.evicted(dst)
	for ; n < len(dst) && t.stats.Flows > 0; n++ {
		dst[n] = t.remove(t.ends[byUse].oldest, EndForced)
	}
	return n
}

// evicted moves waiting records to dst.
func (t *Table) evicted(dst []Record) int {
	n := 0
	for ; n < len(dst) && t.stats.Waiting > 0; n++ {
		dst[n] = t.waiting[t.first]
		t.first = (t.first + 1) % len(t.waiting)
		t.stats.Waiting--
	}
	return n
}

func (t *Table) evict() {
	r := t.remove(t.ends[byUse].oldest, EndEviction)
	t.stats.Evicted++
	if t.stats.Waiting == len(t.waiting) {
		t.stats.Lost.Add(&r)
		return
	}
	t.waiting[(t.first+t.stats.Waiting)%len(t.waiting)] = r
	t.stats.Waiting++
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

// add adds a flow that is not in the table.
func (t *Table) add(k *Key) int32 {
	if t.stats.Flows == len(t.all)-1 {
		t.evict()
	}
	i := t.free
	if i != 0 {
		t.free = t.all[i].next
	} else {
		i = t.fresh
		t.fresh++
	}
	head := t.head(k)
	t.all[i] = entry{Record: Record{Key: *k, First: t.now}, next: *head}
	*head = i
	t.link(byUse, i)
	t.link(byStart, i)
	t.stats.Flows++
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
	t.unlink(byUse, i)
	t.unlink(byStart, i)
	f.End = end
	f.next, t.free = t.free, i
	if t.recent == i {
		t.recent = 0
	}
	t.stats.Flows--
	return f.Record
}

// link inserts a flow into an order as the newest.
func (t *Table) link(o order, i int32) {
	ends := &t.ends[o]
	t.all[i].in[o] = neighbours{older: ends.newest}
	if ends.newest != 0 {
		t.all[ends.newest].in[o].newer = i
	} else {
		ends.oldest = i
	}
	ends.newest = i
}

func (t *Table) unlink(o order, i int32) {
	ends, at := &t.ends[o], t.all[i].in[o]
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
