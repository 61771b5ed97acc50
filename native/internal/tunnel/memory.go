package tunnel

import (
	"runtime/debug"
	"sync"
	"time"
)

const (
	// tidyAfter is how long the tunnel must be quiet before memory is returned to the OS: the garbage collector alone keeps
	// a burst's memory for minutes.
	tidyAfter = 2 * time.Second
	// tidyWorth is how many bytes must have been carried before memory is returned again.
	tidyWorth = 1 << 20
	// collectionDelay is how long garbage collection is off while a tunnel starts. collectionGap is the time from the end of
	// one such period until the next may begin, so that a caller who starts tunnels in a loop cannot keep it off.
	collectionDelay = time.Second
	collectionGap   = 10 * time.Second
)

// collection is when garbage is collected in this process.
var collection struct {
	mu      sync.Mutex
	percent int // GOGC; 0 = Go's default, never changed
	isOff   bool
	ended   time.Time // of the last delay
}

// CollectAt sets GOGC for this process, in per cent. It takes effect after the first second, and each start of a tunnel
// delays collection again: a start allocates 30 MB of buffers at once, of which almost nothing becomes garbage. With a
// low GOGC that meant eight collections, a fifth of the start's time. The memory limit applies meanwhile.
func CollectAt(percent int) {
	collection.mu.Lock()
	collection.percent = percent
	collection.mu.Unlock()
	delayCollection()
}

func delayCollection() {
	c := &collection
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.percent == 0 || c.isOff || !c.ended.IsZero() && time.Since(c.ended) < collectionGap {
		return
	}
	c.isOff = true
	debug.SetGCPercent(-1)
	time.AfterFunc(collectionDelay, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		debug.SetGCPercent(c.percent)
		c.isOff, c.ended = false, time.Now()
	})
}

// releaseTimer returns memory after the last tunnel of a process ended, when no loop is left to do it: the service lives on.
// One timer for all tunnels, because the heap is the process's.
var releaseTimer = func() *time.Timer {
	timer := time.AfterFunc(time.Hour, releaseMemory)
	timer.Stop()
	return timer
}()

func releaseMemory() {
	debug.FreeOSMemory()
	debug.FreeOSMemory() // sync.Pool drops its items in the second collection only
}

// tidiness tracks when memory is to be returned to the OS.
type tidiness struct {
	carried uint64 // at the last check
	tidied  uint64 // when memory was last returned
	due     time.Time
	phase   bool // connected at the last check
}

// tidy returns memory to the OS after a burst of traffic and after connecting.
func (l *loop) tidy(up bool) {
	d := &l.memory
	carried := uint64(0)
	if link := l.carrier.Link(); link != nil {
		carried = link.traffic().RxBytes + link.traffic().TxBytes
	}
	moved := carried != d.carried
	d.carried = carried
	switch now := time.Now(); {
	case up != d.phase || moved && (carried < d.tidied || carried-d.tidied > tidyWorth):
		d.phase = up
		d.due = now.Add(tidyAfter)
		d.tidied = min(d.tidied, carried)
	case !d.due.IsZero() && now.After(d.due):
		d.due, d.tidied = time.Time{}, carried
		go releaseMemory()
	}
}
