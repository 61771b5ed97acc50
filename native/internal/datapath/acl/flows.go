package acl

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// Flows of one client are in four lists with limits of their own, so that those of one list never replace those of another: by who sent the
// first packet, and whether the other end has answered. A flow beyond the limit replaces the one of its list that has been idle longest.
// That interrupts no TCP connection of an end that may open it: its next packet adds it again.
const (
	clientPending uint8 = iota
	hostPending
	clientAnswered
	hostAnswered
)

// limits are the limits of the lists. Clients open more connections than they serve. The sum is maxFlows.
var limits = [4]int{clientPending: 512, hostPending: 128, clientAnswered: 1024, hostAnswered: 384}

// maxFlows is how many flows a client has at most.
const maxFlows = 2048

// Idle timeouts. Those of TCP and UDP are the least that RFC 5382 and RFC 4787 allow a NAT.
const (
	tcpIdle    = 2*time.Hour + 4*time.Minute
	openIdle   = time.Minute // TCP until both ends have acknowledged something
	closedIdle = 10 * time.Second
	udpIdle    = packet.UDPIdle
	dnsIdle    = 10 * time.Second
	otherIdle  = 30 * time.Second
)

const dnsPort = 53

// key identifies a flow of a client. ICMP has the type and the identifier of the request as ports.
type key struct {
	remote                 [16]byte
	remotePort, clientPort uint16
	// protocol is that of the packet, so that protocols that a list matches as one still have flows of their own.
	protocol, version uint8
	// opener is the direction of requests, for ICMP, whose types say what is a request and what an answer; otherwise 0.
	opener rules.Direction
}

// flow is an open flow.
type flow struct {
	key
	// opened is the direction in which the flow counts as opened.
	opened  rules.Direction
	allowed bool
	// seen has a bit for each rules.Direction in which packets have passed, finished for those in which FIN has, and acknowledged for those
	// in which ACK has without RST.
	seen, finished, acknowledged uint8
	reset                        bool
	// list is the list of flows that has it.
	list uint8
	// queries is the number of unanswered queries of a DNS flow.
	queries uint8
	// generation is that of the list that decided.
	generation uint32
	rule       int32
	used       time.Duration
	// next is the next flow with the same hash; newer and older are the neighbours in order of use. 0 = none.
	next, newer, older int32
}

// flows is a hash table of flows, and four lists of them in order of use. Index 0 is not used.
type flows struct {
	seed  uint64
	all   []flow
	heads []int32 // a power of two
	free  int32   // list of unused flows, by next
	count int
	lists [len(limits)]struct {
		count          int
		newest, oldest int32
	}
}

// answered is true if the end that did not begin has answered and the flow has not ended. For TCP, both ends must have acknowledged something,
// because an end whose address is forged does not see what to acknowledge.
func (f *flow) answered() bool {
	if f.protocol == packet.TCP {
		return f.acknowledged == both && !f.reset && f.finished != both
	}
	return f.seen == both
}

// place returns the list that the flow belongs to. The lists of those whose first packet a client sent have even numbers.
func (f *flow) place() uint8 {
	const byHost = hostPending
	if f.answered() {
		return clientAnswered | f.list&byHost
	}
	return f.list & byHost
}

// pending returns the list of a flow whose first packet has this direction.
func pending(first rules.Direction) uint8 {
	if first == rules.FromClient {
		return clientPending
	}
	return hostPending
}

func (f *flow) idle() time.Duration {
	switch f.protocol {
	case packet.TCP:
		switch {
		case f.reset, f.finished == both:
			return closedIdle
		case f.acknowledged != both:
			return openIdle
		}
		return tcpIdle
	case packet.UDP:
		if f.remotePort == dnsPort {
			return dnsIdle
		}
		return udpIdle
	}
	return otherIdle
}

// both has the bits of both directions.
const both = 1<<rules.FromClient | 1<<rules.ToClient

// keyOf returns the key of a packet's flow. That of ICMP is not complete.
func keyOf(f Flow, h *packet.Header) key {
	return key{remote: f.Remote.As16(), remotePort: f.RemotePort, clientPort: f.ClientPort, protocol: h.Protocol, version: h.Version}
}

func (t *flows) head(k *key) *int32 {
	high, low := binary.LittleEndian.Uint64(k.remote[:8]), binary.LittleEndian.Uint64(k.remote[8:])
	rest := uint64(k.remotePort)<<32 | uint64(k.clientPort)<<16 | uint64(k.protocol)<<8 | uint64(k.version) | uint64(k.opener)<<48
	// Two rounds of multiply and fold, seeded so that nobody can choose flows with the same hash.
	a, b := bits.Mul64(high^t.seed, low^0x9e3779b97f4a7c15)
	a, b = bits.Mul64(a^b^rest, t.seed|1)
	return &t.heads[(a^b)&uint64(len(t.heads)-1)]
}

// find returns the index of an open flow, 0 = none.
func (t *flows) find(k *key, now time.Duration) int32 {
	if t.count == 0 {
		return 0
	}
	for i := *t.head(k); i != 0; i = t.all[i].next {
		if f := &t.all[i]; f.key == *k {
			if now-f.used > f.idle() {
				t.remove(i)
				return 0
			}
			return i
		}
	}
	return 0
}

// add adds a flow that is not in the table to its list.
func (t *flows) add(f flow) int32 {
	for n := range t.lists {
		if i := t.lists[n].oldest; i != 0 && f.used-t.all[i].used > t.all[i].idle() {
			t.remove(i)
		}
	}
	t.makeRoom(f.list)
	if t.free == 0 {
		t.grow()
	}
	i := t.free
	t.free = t.all[i].next
	head := t.head(&f.key)
	f.next, *head = *head, i
	f.newer, f.older = 0, 0
	t.all[i] = f
	t.count++
	t.link(i)
	return i
}

// grow doubles the table.
func (t *flows) grow() {
	const first = 16
	size := max(first, 2*(len(t.all)-1))
	if t.seed == 0 {
		t.seed = rand.Uint64() | 1
	}
	former := len(t.all)
	all := make([]flow, size+1)
	copy(all, t.all)
	t.all, t.heads = all, make([]int32, size)
	for _, list := range t.lists {
		for i := list.oldest; i != 0; i = t.all[i].newer {
			head := t.head(&t.all[i].key)
			t.all[i].next, *head = *head, i
		}
	}
	for i := size; i >= max(1, former); i-- {
		t.all[i].next, t.free = t.free, int32(i)
	}
}

func (t *flows) remove(i int32) {
	f := &t.all[i]
	at := t.head(&f.key)
	for *at != i {
		at = &t.all[*at].next
	}
	*at = f.next
	t.unlink(i)
	*f = flow{next: t.free}
	t.free = i
	t.count--
}

// use moves a flow to the newest end of its list.
func (t *flows) use(i int32, now time.Duration) {
	f := &t.all[i]
	f.used = now
	if t.lists[f.list].newest != i {
		t.unlink(i)
		t.link(i)
	}
}

// settle moves a flow that has changed to the list it belongs to.
func (t *flows) settle(i int32) {
	f := &t.all[i]
	place := f.place()
	if place == f.list {
		return
	}
	t.unlink(i)
	f.list = place
	t.makeRoom(place)
	t.link(i)
}

// makeRoom removes the oldest flow of a list that is full.
func (t *flows) makeRoom(list uint8) {
	if t.lists[list].count >= limits[list] {
		t.remove(t.lists[list].oldest)
	}
}

func (t *flows) link(i int32) {
	f := &t.all[i]
	l := &t.lists[f.list]
	l.count++
	f.older, f.newer = l.newest, 0
	if l.newest != 0 {
		t.all[l.newest].newer = i
	} else {
		l.oldest = i
	}
	l.newest = i
}

func (t *flows) unlink(i int32) {
	newer, older, l := t.all[i].newer, t.all[i].older, &t.lists[t.all[i].list]
	l.count--
	if newer != 0 {
		t.all[newer].older = older
	} else {
		l.newest = older
	}
	if older != 0 {
		t.all[older].newer = newer
	} else {
		l.oldest = newer
	}
}
