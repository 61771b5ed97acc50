// Package sleep tells that the host was asleep: what was known of keys, links, routes and names is a guess then. The system
// says so where it can; that the clocks have drifted apart says so everywhere.
package sleep

import (
	"context"
	"time"
)

const (
	// step is how often the clocks are compared, drift what they must have drifted apart by for it to have been sleep.
	step, drift = 5 * time.Second, 2 * time.Second
	// again is how long to wait before the system's service is tried again, after it went away.
	again = 30 * time.Second
)

// Source is a system's service that tells of sleep.
type Source interface {
	// Wakes calls woke each time the host has woken up. It answers when the context ends, or when nothing more can be
	// heard.
	Wakes(ctx context.Context, woke func()) error
}

// Clocks are one that runs through sleep and one that does not.
type Clocks struct{ Through, Awake func() time.Duration }

// Watch signals every wake-up, until the context ends. One that is detected twice is signalled once.
func Watch(ctx context.Context, source Source, clocks Clocks) <-chan struct{} {
	wakes := make(chan struct{}, 1)
	tell := func() {
		select {
		case wakes <- struct{}{}:
		default:
		}
	}
	if source != nil {
		go listen(ctx, source, tell)
	}
	go compare(ctx, clocks, tell)
	return wakes
}

func listen(ctx context.Context, source Source, tell func()) {
	for ctx.Err() == nil {
		_ = source.Wakes(ctx, tell) // without it there are the clocks
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

func compare(ctx context.Context, clocks Clocks, tell func()) {
	tick := time.NewTicker(step)
	defer tick.Stop()
	before := clocks.Through() - clocks.Awake()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if before = slept(clocks, before, tell); ctx.Err() != nil {
			return
		}
	}
}

// slept compares the clocks once, and gives by how much they are apart now.
func slept(clocks Clocks, before time.Duration, tell func()) time.Duration {
	now := clocks.Through() - clocks.Awake()
	if now-before > drift {
		tell()
	}
	return now
}
