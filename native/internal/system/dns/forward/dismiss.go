package forward

import (
	"sync"
	"time"
)

const (
	// atOnce is how many questions wait for an answer from one way at the same time; more fail at once.
	atOnce = 256
	// farewell is how long those who wait may take to hear that they wait in vain.
	farewell = 200 * time.Millisecond
)

// Dismiss is for when the intranet is left, before anybody is asked in our place: who waits for an answer from inside hears
// now that there is none, and so does whoever asks from now on. Otherwise the same question would be repeated outside, where
// the intranet's names are nobody's business. Outside is asked as before.
func (f *Forwarder) Dismiss() {
	f.dismiss()
	late := time.NewTimer(farewell)
	defer late.Stop()
	select {
	case <-f.rooms[inside].deserted():
	case <-late.C:
	}
}

// room is where questions of one way wait for their answers.
type room struct {
	mu sync.Mutex
	n  int
	// last is closed when the last one leaves; nil if nobody wants to know.
	last chan struct{}
}

// enter is false if there is no place left.
func (r *room) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == atOnce {
		return false
	}
	r.n++
	return true
}

func (r *room) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n--; r.n == 0 && r.last != nil {
		close(r.last)
		r.last = nil
	}
}

// deserted is closed as soon as nobody is there.
func (r *room) deserted() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		empty := make(chan struct{})
		close(empty)
		return empty
	}
	if r.last == nil {
		r.last = make(chan struct{})
	}
	return r.last
}
