package service

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"sag.software/native/internal/tunnel"
)

// owned is a tunnel and the user who started it.
type owned struct {
	*tunnel.Tunnel
	intranet string
	owner    uint32
	dir      sessionDir
}

// over is true for a tunnel without a session, which another tunnel may take the place of.
func (o *owned) over() bool { return o.LastState().Over() }

// tunnels are the service's, by intranet.
type tunnels struct {
	mu         sync.Mutex
	byIntranet map[string]*owned
	// changed is closed when a tunnel is added or removed, and replaced then; it stays closed once the service is over.
	changed chan struct{}
	closed  bool
}

func newTunnels() *tunnels {
	return &tunnels{byIntranet: map[string]*owned{}, changed: make(chan struct{})}
}

// all are the tunnels in the order of their intranets.
func (t *tunnels) all() []*owned {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.byIntranet), func(a, b *owned) int { return cmp.Compare(a.intranet, b.intranet) })
}

func (t *tunnels) add(one *owned) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byIntranet[one.intranet] = one
	t.report()
}

// remove takes a tunnel out; false if it is not in.
func (t *tunnels) remove(one *owned) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byIntranet[one.intranet] != one {
		return false
	}
	delete(t.byIntranet, one.intranet)
	t.report()
	return true
}

// close says that no tunnel will be added any more. Those that there are are removed when they have ended.
func (t *tunnels) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if len(t.byIntranet) == 0 {
		t.report()
	}
}

// report wakes those who wait for a change. The caller holds the lock.
func (t *tunnels) report() {
	select {
	case <-t.changed:
	default:
		close(t.changed)
	}
	if !t.closed || len(t.byIntranet) > 0 {
		t.changed = make(chan struct{})
	}
}

// changes is closed at the next change of the set.
func (t *tunnels) changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}
