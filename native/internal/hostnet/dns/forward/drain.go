package forward

import "time"

const (
	// calmTime is how long no query for the intranet's names may have come before other name servers are used. The C library
	// repeats a query for a name that does not exist where resolv.conf has a search list (resolv.conf(5)), and systemd-resolved
	// writes "search ." where the host has none.
	calmTime = 100 * time.Millisecond
	// drainLimit bounds the delay of a disconnect by programs that continue to query.
	drainLimit = 500 * time.Millisecond
)

// Drain is called on disconnect, before DNS is switched to other name servers. Pending and new queries through the tunnel get an
// empty answer, so that programs do not repeat them directly, where the intranet's names must not be queried. Direct queries
// continue. Drain returns when no query for the intranet's names has come for calmTime, so that programs' retries are answered
// here, too; at the latest after drainLimit.
func (f *Forwarder) Drain() {
	f.drain()
	late := time.NewTimer(f.drainLimit)
	defer late.Stop()
	for {
		select {
		case <-f.inFlight[tunneled].Empty():
		case <-late.C:
			return
		case <-f.ctx.Done():
			return
		}
		last := f.lastTunneled.Load()
		if last == nil || time.Since(*last) >= f.calmTime {
			return
		}
		select {
		case <-time.After(f.calmTime - time.Since(*last)):
		case <-late.C:
			return
		case <-f.ctx.Done():
			return
		}
	}
}

// touch records a query for the intranet's names.
func (f *Forwarder) touch(by upstream) {
	if by == tunneled {
		now := time.Now()
		f.lastTunneled.Store(&now)
	}
}
