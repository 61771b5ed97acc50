package tunnel

import (
	"reflect"
	"sync"
)

// pendingStates is how many changes are queued for a slow watcher. Beyond that the oldest are dropped, never the newest.
const pendingStates = 32

// publisher has the last published state, its revision, and the channels of the watchers. Its methods may be called from
// any goroutine.
type publisher struct {
	mu       sync.Mutex
	watchers map[chan Snapshot]struct{}
	last     Snapshot
	// settled is the last state without the values that change with time alone.
	settled *State
}

// news reports whether a state (without values that change with time alone) differs from the last one, and returns that
// one; nil before the first.
func (p *publisher) news(settled *State) (former *State, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	former = p.settled
	if former != nil && reflect.DeepEqual(settled, former) {
		return former, false
	}
	p.settled = settled
	return former, true
}

// publish stores a state and sends it to every watcher.
func (p *publisher) publish(state *State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = Snapshot{Revision: p.last.Revision + 1, State: state}
	for changes := range p.watchers {
		for sent := false; !sent; {
			select {
			case changes <- p.last:
				sent = true
			default:
				<-changes
			}
		}
	}
}

// current returns the state that was published last.
func (p *publisher) current() *State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.State
}

// watch returns the last published state and a channel of the following ones, until leave is called.
func (p *publisher) watch() (now Snapshot, changes <-chan Snapshot, leave func()) {
	c := make(chan Snapshot, pendingStates)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers == nil {
		p.watchers = map[chan Snapshot]struct{}{}
	}
	p.watchers[c] = struct{}{}
	return p.last, c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers, c)
	}
}
