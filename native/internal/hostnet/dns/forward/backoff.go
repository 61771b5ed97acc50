package forward

import "time"

// shortestBackoff and longestBackoff are the waits after the first receive error, and the longest wait after consecutive ones.
const shortestBackoff, longestBackoff = time.Millisecond, time.Second

// backOff waits after a failed read or accept, longer each time, because the cause may persist: a lack of descriptors or memory,
// or a broken socket. It returns the number of consecutive failures and logs the first one.
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
