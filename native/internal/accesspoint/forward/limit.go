package forward

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// chunk is the most that is read at once, bytes.
	chunk = 64 << 10
	// leastChunk is the most that is read at once under the lowest caps, bytes.
	leastChunk = 2 << 10
	// chunksPerSecond keeps a capped flow smooth: no chunk is more than this part of a second's worth.
	chunksPerSecond = 50
)

// Limit is a token bucket for one direction of one client. The zero value lets everything pass.
type Limit struct {
	bucket atomic.Pointer[rate.Limiter]
}

// Set changes the rate, bit/s; 0 = uncapped.
func (l *Limit) Set(bandwidth uint64) {
	if bandwidth == 0 {
		l.bucket.Store(nil)
		return
	}
	perSecond := rate.Limit(float64(bandwidth) / 8)
	if bucket := l.bucket.Load(); bucket != nil {
		bucket.SetLimit(perSecond)
		return
	}
	l.bucket.Store(rate.NewLimiter(perSecond, chunk))
}

// chunk is how much to read at once, bytes.
func (l *Limit) chunk() int {
	bucket := l.bucket.Load()
	if bucket == nil {
		return chunk
	}
	return max(leastChunk, min(chunk, int(bucket.Limit())/chunksPerSecond))
}

// wait returns when n bytes may pass. Not reading on meanwhile is what slows the sender down.
func (l *Limit) wait(ctx context.Context, n int) error {
	if bucket := l.bucket.Load(); bucket != nil {
		return bucket.WaitN(ctx, min(n, chunk))
	}
	return nil
}

// Allow tells whether a datagram of n bytes may pass now.
func (l *Limit) Allow(n int) bool {
	bucket := l.bucket.Load()
	return bucket == nil || bucket.AllowN(time.Now(), min(n, chunk))
}
