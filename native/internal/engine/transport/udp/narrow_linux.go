package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// narrowFor is how long Linux caches a path MTU (net.ipv4.route.mtu_expires).
	narrowFor = 10 * time.Minute
	// mostNarrow limits the number of cached destinations.
	mostNarrow = 4_096
)

// narrow is the set of destinations whose path MTU is smaller than a segment. The kernel fragments single datagrams to them but
// refuses GSO batches. It is kept per destination, so that one client with a small MTU does not disable GSO for the others.
type narrow struct {
	count atomic.Int32 // number of entries in known, so that senders need no lock while it is 0

	mu    sync.Mutex
	known map[netip.AddrPort]time.Time // with expiry
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
		clear(n.known) // each is detected again by the next batch to it
	}
	n.known[to] = time.Now().Add(narrowFor)
	n.count.Store(int32(len(n.known)))
}
