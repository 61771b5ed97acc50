// Package rate limits traffic to a rate: it delays streams and drops packets.
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
	// leastChunk is the smallest bound of a single read, for the lowest caps, bytes.
	leastChunk = 2 << 10
	// chunksPerSecond keeps a capped flow smooth: a chunk is at most this fraction of a second's worth.
	chunksPerSecond = 50

	// streamBurst is how far streams may be ahead of the rate when they are carried by sockets, whose reading can wait;
	// packetBurst when their packets can only pass or be dropped, at least packetBurstBytes. On a short path a sender that
	// loses several packets at once waits 200 ms for its retransmission timeout, so a small burst halves the throughput at 20 Mbit/s.
	streamBurst      = 40 * time.Millisecond
	packetBurst      = 400 * time.Millisecond
	packetBurstBytes = 64 << 10
	// smallPacket is the largest TCP packet that carries next to no data (SYN, ACK, a key press), bytes. Those may be
	// smallBurst further ahead, so that other connections' data does not block a new handshake.
	smallPacket = 128
	smallBurst  = 50 * time.Millisecond

	// reservedPart of the rate is for datagrams first, with reservedBurst's worth of it at once, at least reservedBytes.
	reservedPart  = 4
	reservedBurst = 500 * time.Millisecond
	reservedBytes = 16 << 10
	// datagramWait is how long a datagram beyond that may wait its turn among streams.
	datagramWait = 100 * time.Millisecond
)

// Limit shapes one direction of one client. Streams share the rate round-robin. Datagrams (UDP, ICMP) have a part of it
// reserved, so that a download does not starve DNS and calls; what they do not use is left to the streams. The zero
// value is unlimited.
type Limit struct {
	// capped is whether rate is not 0. It is read for each packet, without the lock.
	capped atomic.Bool

	mu   sync.Mutex
	rate float64 // bytes a second; 0 = uncapped
	// busy is when a link of this rate would have sent everything that has passed.
	busy time.Time
	// reserved is the bytes that datagrams may still pass at once, as of refilled.
	reserved float64
	refilled time.Time
	// turn is held by the stream that reads next; the others wait in order.
	turn chan struct{}
}

// Set changes the rate, bit/s; 0 = uncapped.
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

// IsCapped is false while everything passes.
func (l *Limit) IsCapped() bool { return l.capped.Load() }

// Chunk is how much of a stream to read at once, bytes.
func (l *Limit) Chunk() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return MaxChunk
	}
	return max(leastChunk, min(MaxChunk, int(l.rate)/chunksPerSecond))
}

// Wait returns when n bytes of a stream may pass. Not reading meanwhile slows the sender down (TCP flow control). Nothing is taken
// from the rate before, so that a waiting stream delays no datagram.
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

// Datagram reports whether a datagram of n bytes may pass; it waits up to datagramWait behind streams.
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

// AllowTCP reports whether a TCP packet of n bytes may pass now. Drops slow the sender down.
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

// takePacket takes n bytes if the burst of packets, and more than that, is not used up.
func (l *Limit) takePacket(n int, more time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate == 0 || l.take(n, max(packetBurst, l.lasts(packetBurstBytes))+more) == 0
}

// take takes n bytes if at most burst's worth is ahead of the rate; else it returns how long to wait. The caller holds the
// lock, and the rate is not 0.
func (l *Limit) take(n int, burst time.Duration) time.Duration {
	now := time.Now()
	if until := l.busy.Add(-burst); until.After(now) {
		return until.Sub(now)
	}
	l.passed(now, n)
	return 0
}

// takeReserved takes n bytes from what is reserved for datagrams.
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

// passed records that n bytes pass. The caller holds the lock.
func (l *Limit) passed(now time.Time, n int) {
	if l.busy.Before(now) {
		l.busy = now
	}
	l.busy = l.busy.Add(l.lasts(float64(n)))
}

// lasts is how long n bytes take at the rate. The caller holds the lock.
func (l *Limit) lasts(n float64) time.Duration {
	return time.Duration(n / l.rate * float64(time.Second))
}
