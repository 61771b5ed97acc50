package agent

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	// longestPause bounds how much later than the cloud an access point is back.
	longestPause = 2 * time.Second
)

// backoff grows the pause between attempts and spreads it, so that many access points do not come back at one moment.
type backoff struct {
	attempts int
	// random answers [0, 1).
	random func() float64
}

func newBackoff() *backoff { return &backoff{random: rand.Float64} }

func (b *backoff) reset() { b.attempts = 0 }

// next is between half of the pause and all of it.
func (b *backoff) next() time.Duration {
	pause := longestPause
	if b.attempts < 5 {
		pause = min(longestPause, firstPause<<b.attempts)
	}
	b.attempts++
	return pause/2 + time.Duration(b.random()*float64(pause/2))
}
