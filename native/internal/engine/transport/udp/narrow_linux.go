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

// narrow is the destinations whose path MTU a segment of a GSO batch does not fit into, and how large that segment was: the kernel takes
// no batch of such segments there. It is a property of a path, not of the socket: one client behind a narrow link must not cost all
// others their batches.
type narrow struct {
	count atomic.Int32 // number of entries in known, so that senders need no lock while it is 0

	mu    sync.Mutex
	known map[netip.AddrPort]refusedSegment
}

// refusedSegment is the smallest segment that did not fit, bytes, and until when that counts.
type refusedSegment struct {
	size  int
	until time.Time
}

// limit is the size from which on segments do not fit; 0 = none is known.
func (n *narrow) limit(to netip.AddrPort) int {
	if n.count.Load() == 0 {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	refused, known := n.known[to]
	if known && time.Now().After(refused.until) {
		delete(n.known, to)
		n.count.Store(int32(len(n.known)))
		return 0
	}
	return refused.size
}

func (n *narrow) add(to netip.AddrPort, size int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[netip.AddrPort]refusedSegment{}
	}
	if len(n.known) >= mostNarrow {
		clear(n.known) // each is detected again by the next batch to it
	}
	if former, known := n.known[to]; known {
		size = min(size, former.size)
	}
	n.known[to] = refusedSegment{size, time.Now().Add(narrowFor)}
	n.count.Store(int32(len(n.known)))
}
