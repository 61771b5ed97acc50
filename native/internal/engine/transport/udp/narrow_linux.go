package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// narrowFor is as long as Linux remembers a path MTU (net.ipv4.route.mtu_expires).
	narrowFor = 10 * time.Minute
	// mostNarrow bounds what is remembered.
	mostNarrow = 4_096
)

// narrow is the destinations whose path MTU a segment does not fit into: the kernel fragments a datagram there, but takes no GSO batch.
// It is a property of a path, not of the socket: one client behind a narrow link must not cost all others their batches.
type narrow struct {
	count atomic.Int32 // of known: a sender looks at nothing else while there are none

	mu    sync.Mutex
	known map[netip.AddrPort]time.Time // until when
}

func (n *narrow) has(to netip.AddrPort) bool {
	if n.count.Load() == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	until, known := n.known[to]
	if known && time.Now().After(until) {
		delete(n.known, to)
		n.count.Store(int32(len(n.known)))
		return false
	}
	return known
}

func (n *narrow) add(to netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[netip.AddrPort]time.Time{}
	}
	if len(n.known) >= mostNarrow {
		clear(n.known) // each is found out again by the first batch to it
	}
	n.known[to] = time.Now().Add(narrowFor)
	n.count.Store(int32(len(n.known)))
}
