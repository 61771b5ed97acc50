package agent

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	// longestPause bounds how long an access point needs to reconnect after the cloud has come back.
	longestPause = 2 * time.Second
)

// backoff doubles the pause between attempts and adds jitter, so that many access points do not reconnect at the same moment.
type backoff struct {
	attempts int
	// random returns a number in [0, 1).
	random func() float64
}

func newBackoff() *backoff { return &backoff{random: rand.Float64} }

func (b *backoff) reset() { b.attempts = 0 }

// next returns between half of the pause and all of it.
func (b *backoff) next() time.Duration {
	pause := longestPause
	if b.attempts < 5 {
		pause = min(longestPause, firstPause<<b.attempts)
	}
	b.attempts++
	return pause/2 + time.Duration(b.random()*float64(pause/2))
}
