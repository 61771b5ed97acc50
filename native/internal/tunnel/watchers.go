package tunnel

import (
	"sync"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/tunnel/change"
)

// pendingStates is how many changes a slow watcher may be behind before it misses some; the newest is never missed.
const pendingStates = 32

// Change is what watchers hear.
type Change = change.Change

// watchers hear of every change.
type watchers struct {
	mu       sync.Mutex
	all      map[chan Change]struct{}
	revision uint64
	last     *tunnelv1.State
}

// subscribe gives the state as it is and a channel of what follows.
func (w *watchers) subscribe() (Change, <-chan Change, func()) {
	changes := make(chan Change, pendingStates)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[chan Change]struct{}{}
	}
	w.all[changes] = struct{}{}
	return Change{Revision: w.revision, State: w.last}, changes, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, changes)
	}
}

func (w *watchers) publish(state *tunnelv1.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revision++
	w.last = state
	next := Change{Revision: w.revision, State: state}
	for changes := range w.all {
		for {
			select {
			case changes <- next:
			default:
				<-changes
				continue
			}
			break
		}
	}
}
