package tunnel

import (
	"reflect"
	"sync"
)

// pendingStates is how many changes a slow watcher may be behind before it misses some; it never misses the newest.
const pendingStates = 32

// publisher owns what callers see of a tunnel: the last state with its revision, and the channels of those who watch. Methods may be
// called from any goroutine.
type publisher struct {
	mu       sync.Mutex
	watchers map[chan Snapshot]struct{}
	last     Snapshot
	// settled is the last state without what changes by time alone.
	settled *State
}

// news is true if a state, without what changes by time alone, is not the last one; former is that one, nil before the first.
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

// publish makes a state the last one and sends it to every watcher.
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

// current is the state as it was published last.
func (p *publisher) current() *State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.State
}

// watch gives the state as it was published last, and a channel of those that follow until leave is called.
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
