package forward

import "time"

const (
	// calmTime is how long no query for the intranet's names may have come before other name servers are used. The C library
	// repeats a query for a name that does not exist where resolv.conf has a search list (resolv.conf(5)), and systemd-resolved
	// writes "search ." where the host has none.
	calmTime = 100 * time.Millisecond
	// drainLimit is how long programs that go on querying can delay the disconnect.
	drainLimit = 500 * time.Millisecond
)

// Drain is called on disconnect, before other name servers are used: a pending query through the tunnel gets an empty answer now, and
// so does a new one. Otherwise the program would repeat it directly, where the intranet's names must not be queried. Direct queries go
// on as before. It returns once no query for the intranet's names has come for calmTime, so that programs' own repeats are answered
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
