package shape

import (
	"time"

	"sag.software/native/internal/mtu"
)

// burst is how much may pass at once, but at least minBurst bytes: it covers how late a timer is on a busy host.
const (
	burst    = 10 * time.Millisecond
	minBurst = 2 * mtu.Ceiling
)

// bucket is a token bucket. While it has any tokens, a packet of any size may pass and may leave it with a negative balance. So the caller
// can check it before it knows which packet is next. The zero value does not limit.
type bucket struct {
	// rate is bytes per second; 0 = unlimited.
	rate float64
	// depth is the burst, as the time that it takes at the rate, less one full packet, by which the balance may become negative.
	depth time.Duration
	// busy is when a link of this rate would have sent everything that has passed.
	busy time.Duration
}

// set changes the rate, bytes per second (0 = unlimited), and the burst, as the time that it takes at that rate.
func (b *bucket) set(now time.Duration, rate float64, depth time.Duration) {
	if debt := b.busy - now; debt > 0 && b.rate > 0 && rate > 0 {
		b.busy = now + time.Duration(float64(debt)*b.rate/rate)
	}
	b.rate, b.depth = rate, depth
	if rate > 0 {
		b.depth = max(depth, b.transmission(minBurst)) - b.transmission(mtu.Ceiling)
	}
}

// opens returns from when on a packet may pass. A time before now means that one may pass now.
func (b *bucket) opens() time.Duration {
	if b.rate == 0 {
		return 0
	}
	return b.busy - b.depth
}

// take counts a packet of n bytes that passes.
func (b *bucket) take(now time.Duration, n int) {
	if b.rate > 0 {
		b.busy = max(b.busy, now) + b.transmission(n)
	}
}

// transmission returns how long n bytes take at the rate, rounded up; 0 without a limit.
func (b *bucket) transmission(n int) time.Duration {
	if b.rate == 0 {
		return 0
	}
	return time.Duration(float64(n)/b.rate*float64(time.Second)) + 1
}

// slack is how much later a queue with a high rate continues, so that several packets leave together.
const slack = time.Millisecond

// wait returns until when packets have to wait, later by slack if a full packet takes less than that; 0 if one may pass now.
func (b *bucket) wait(now time.Duration) time.Duration {
	at := b.opens()
	switch {
	case at <= now:
		return 0
	case b.transmission(mtu.Ceiling) <= slack:
		return at + slack
	}
	return at
}
