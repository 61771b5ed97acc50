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

// over reports whether the tunnel has no session, so that another tunnel may replace it.
func (o *owned) over() bool { return o.LastState().Over() }

// tunnels are the service's tunnels by intranet.
type tunnels struct {
	mu         sync.Mutex
	byIntranet map[string]*owned
	// changed is closed and replaced when a tunnel is added or removed. Once the service is closed and has no tunnels, it
	// stays closed.
	changed chan struct{}
	closed  bool
}

func newTunnels() *tunnels {
	return &tunnels{byIntranet: map[string]*owned{}, changed: make(chan struct{})}
}

// all returns the tunnels sorted by intranet.
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

// remove removes a tunnel; it returns false if it was not there.
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

// close stops the addition of tunnels. Existing ones are removed as they end.
func (t *tunnels) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if len(t.byIntranet) == 0 {
		t.report()
	}
}

// report wakes the goroutines that wait for a change. The caller holds the lock.
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
