package forward

import "time"

// shortestBackoff and longestBackoff are the waits after one receive error, and after many in a row.
const shortestBackoff, longestBackoff = time.Millisecond, time.Second

// backOff waits after a failed read or accept, longer each time, because the reason may last: a lack of descriptors or memory, or
// a broken socket. It returns how many failures in a row there were; the first one is logged.
func (f *Forwarder) backOff(failures int, what string, err error) int {
	if f.ctx.Err() != nil {
		return failures
	}
	if failures == 0 {
		f.config.Logger.Warn("DNS queries cannot be received", "by", what, "error", err)
	}
	select {
	case <-f.ctx.Done():
	case <-time.After(min(shortestBackoff<<min(failures, 16), longestBackoff)):
	}
	return failures + 1
}
