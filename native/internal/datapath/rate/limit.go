// Package rate limits traffic: streams are delayed, packets dropped.
package rate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxChunk is the largest single read, bytes.
	MaxChunk = 64 << 10
	// leastChunk is the smallest size of a single read, for low rates, bytes.
	leastChunk = 2 << 10
	// chunksPerSecond keeps a limited flow smooth: a read is at most this fraction of a second's bytes.
	chunksPerSecond = 50

	// streamBurst is how far streams forwarded by sockets may be ahead of the rate, since their reads can be delayed.
	// packetBurst, at least packetBurstBytes, is for packets, which can only pass or be dropped: on a short path a sender that
	// loses several packets at once waits 200 ms for its retransmission timeout, so a small burst halves the throughput at 20
	// Mbit/s.
	streamBurst      = 40 * time.Millisecond
	packetBurst      = 400 * time.Millisecond
	packetBurstBytes = 64 << 10
	// smallPacket is the largest TCP packet regarded as one without data (SYN, ACK, a key press), bytes. These may be smallBurst
	// further ahead, so that the data of other connections does not block a handshake.
	smallPacket = 128
	smallBurst  = 50 * time.Millisecond

	// reservedPart of the rate is reserved for datagrams, with a burst of reservedBurst, at least reservedBytes.
	reservedPart  = 4
	reservedBurst = 500 * time.Millisecond
	reservedBytes = 16 << 10
	// datagramWait is how long a datagram beyond the reserved part may wait behind streams.
	datagramWait = 100 * time.Millisecond
)

// Limit limits one direction of one client. Streams share the rate round-robin. Part of it is reserved for datagrams (UDP, ICMP),
// so that a download does not starve DNS and calls; streams may use what datagrams leave. The zero value is unlimited.
type Limit struct {
	// capped is true if rate is not 0. It is read for every packet without the lock.
	capped atomic.Bool

	mu   sync.Mutex
	rate float64 // bytes per second; 0 = unlimited
	// busy is when a link of this rate would have finished sending everything that has passed.
	busy time.Time
	// reserved is the number of bytes that datagrams may send at once, as of refilled.
	reserved float64
	refilled time.Time
	// turn is held by the stream that may read next; the others queue for it.
	turn chan struct{}
}

// Set sets the rate, bit/s; 0 = unlimited.
func (l *Limit) Set(bandwidth uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rate := float64(bandwidth) / 8
	if l.rate == 0 {
		l.busy, l.refilled = time.Time{}, time.Time{}
	}
	l.rate = rate
	l.capped.Store(rate != 0)
	if l.turn == nil {
		l.turn = make(chan struct{}, 1)
	}
}

// IsCapped is false if the rate is unlimited.
func (l *Limit) IsCapped() bool { return l.capped.Load() }

// Chunk returns the maximum size of one read of a stream, bytes.
func (l *Limit) Chunk() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return MaxChunk
	}
	return max(leastChunk, min(MaxChunk, int(l.rate)/chunksPerSecond))
}

// Wait returns when n bytes of a stream may pass. The caller does not read meanwhile, which slows the sender down through TCP
// flow control. Bytes count against the rate only when they pass, so that a waiting stream delays no datagram.
func (l *Limit) Wait(ctx context.Context, n int) error {
	l.mu.Lock()
	turn, capped := l.turn, l.rate != 0
	l.mu.Unlock()
	if !capped {
		return nil
	}
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		delay := l.takeStream(n)
		if delay == 0 {
			return nil
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Datagram reports whether a datagram of n bytes may pass. It waits up to datagramWait behind streams.
func (l *Limit) Datagram(ctx context.Context, n int) bool {
	if l.takeReserved(n) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, datagramWait)
	defer cancel()
	return l.Wait(ctx, n) == nil
}

// AllowDatagram reports whether a non-TCP packet of n bytes may pass now.
func (l *Limit) AllowDatagram(n int) bool {
	return l.takeReserved(n) || l.takePacket(n, 0)
}

// AllowTCP reports whether a TCP packet of n bytes may pass now. A drop slows the sender down.
func (l *Limit) AllowTCP(n int) bool {
	if n <= smallPacket {
		return l.takePacket(n, smallBurst)
	}
	return l.takePacket(n, 0)
}

func (l *Limit) takeStream(n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return 0
	}
	return l.take(n, streamBurst)
}

// takePacket takes n bytes unless the burst of packets plus more is used up.
func (l *Limit) takePacket(n int, more time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate == 0 || l.take(n, max(packetBurst, l.lasts(packetBurstBytes))+more) == 0
}

// take takes n bytes if the rate is exceeded by at most burst; otherwise it returns how long to wait. The caller holds the lock,
// and the rate is not 0.
func (l *Limit) take(n int, burst time.Duration) time.Duration {
	now := time.Now()
	if until := l.busy.Add(-burst); until.After(now) {
		return until.Sub(now)
	}
	l.passed(now, n)
	return 0
}

// takeReserved takes n bytes from the part reserved for datagrams.
func (l *Limit) takeReserved(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return true
	}
	now := time.Now()
	perSecond := l.rate / reservedPart
	most := max(reservedBytes, perSecond*reservedBurst.Seconds())
	if l.refilled.IsZero() {
		l.reserved = most
	} else {
		l.reserved = min(most, l.reserved+perSecond*now.Sub(l.refilled).Seconds())
	}
	l.refilled = now
	if l.reserved < float64(n) {
		return false
	}
	l.reserved -= float64(n)
	l.passed(now, n)
	return true
}

// passed counts n bytes that pass. The caller holds the lock.
func (l *Limit) passed(now time.Time, n int) {
	if l.busy.Before(now) {
		l.busy = now
	}
	l.busy = l.busy.Add(l.lasts(float64(n)))
}

// lasts returns how long n bytes take at the rate. The caller holds the lock.
func (l *Limit) lasts(n float64) time.Duration {
	return time.Duration(n / l.rate * float64(time.Second))
}
