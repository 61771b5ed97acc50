package tunnel

import (
	"slices"
	"sync"
)

// awaitedLimit is more than the probes that the state machine remembers.
const awaitedLimit = 128

// awaited are the nonces of the last probes without a reply. Any host of the intranet can send packets that look like replies, and each
// one that is not dropped is queued in the mailbox, which has no limit.
type awaited struct {
	mu     sync.Mutex
	nonces []uint64
}

func (a *awaited) add(nonce uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.nonces) == awaitedLimit {
		a.nonces = slices.Delete(a.nonces, 0, 1)
	}
	a.nonces = append(a.nonces, nonce)
}

// remove reports whether a reply with this nonce was awaited. A second one is not.
func (a *awaited) remove(nonce uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := slices.Index(a.nonces, nonce)
	if at >= 0 {
		a.nonces = slices.Delete(a.nonces, at, at+1)
	}
	return at >= 0
}
