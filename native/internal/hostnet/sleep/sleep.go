// Package sleep detects that the host was asleep, after which keys, links, routes and DNS may have changed. It uses the system's
// notification where there is one, and everywhere compares two clocks, of which one stops during sleep.
package sleep

import (
	"context"
	"time"
)

const (
	// step is how often the clocks are compared; drift is the minimum difference that counts as sleep.
	step, drift = 5 * time.Second, 2 * time.Second
	// retryAfter is the wait before the source is used again after an error.
	retryAfter = 30 * time.Second
)

// Source is a system service that notifies of sleep.
type Source interface {
	// Wakes calls woke each time the host has woken up. It returns when the context ends or the connection to the service is
	// lost.
	Wakes(ctx context.Context, woke func()) error
}

// Clocks are one that continues during sleep and one that stops.
type Clocks struct{ Through, Awake func() time.Duration }

// Watch signals every wake-up until the context ends. Both methods may detect the same one; these give one signal if the first
// was not received yet.
func Watch(ctx context.Context, source Source, clocks Clocks) <-chan struct{} {
	wakes := make(chan struct{}, 1)
	notify := func() {
		select {
		case wakes <- struct{}{}:
		default:
		}
	}
	if source != nil {
		go listen(ctx, source, notify)
	}
	go compare(ctx, clocks, notify)
	return wakes
}

func listen(ctx context.Context, source Source, notify func()) {
	for ctx.Err() == nil {
		_ = source.Wakes(ctx, notify) // the clocks are compared anyway
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

func compare(ctx context.Context, clocks Clocks, notify func()) {
	tick := time.NewTicker(step)
	defer tick.Stop()
	before := clocks.Through() - clocks.Awake()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if before = slept(clocks, before, notify); ctx.Err() != nil {
			return
		}
	}
}

// slept compares the clocks once, and returns their current difference.
func slept(clocks Clocks, before time.Duration, notify func()) time.Duration {
	now := clocks.Through() - clocks.Awake()
	if now-before > drift {
		notify()
	}
	return now
}
