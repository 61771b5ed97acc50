package tunnel

import (
	"runtime/debug"
	"time"
)

const (
	// tidyAfter is how long nothing may have happened before memory is given back: the collector itself keeps what a
	// burst needed for minutes.
	tidyAfter = 2 * time.Second
	// tidyWorth is how much has to have been carried for another round, bytes.
	tidyWorth = 1 << 20
)

// tidiness is when memory is to be given back.
type tidiness struct {
	carried uint64 // at the last look
	tidied  uint64 // when it was last given back
	due     time.Time
	phase   bool // connected at the last look
}

// tidy gives memory back once a burst, or the effort of connecting, is over.
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
		go func() {
			debug.FreeOSMemory()
			debug.FreeOSMemory() // pools let go of what they hold in the second round
		}()
	}
}
