package dialer

import (
	"context"
	"errors"
	"net"
	"time"
)

type attempt struct {
	conn net.Conn
	err  error
}

// race dials the targets in order. The next one starts after `stagger`, or when an attempt fails, without cancelling the
// others; the first connection wins. If all fail, the first error is returned.
func race(ctx context.Context, targets []Address, dial func(context.Context, Address) (net.Conn, error)) (net.Conn, error) {
	if len(targets) == 1 {
		return dial(ctx, targets[0])
	}
	if len(targets) == 0 {
		return nil, errors.New("no address")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(targets))
	started, pending := 0, 0
	start := func() {
		target := targets[started]
		started++
		pending++
		go func() {
			conn, err := dial(ctx, target)
			results <- attempt{conn, err}
		}()
	}
	start()
	timer := time.NewTicker(stagger)
	defer timer.Stop()
	var first error
	for {
		select {
		case <-timer.C:
			if started < len(targets) {
				start()
			}
		case r := <-results:
			pending--
			if r.err == nil {
				go discard(results, pending)
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			if started < len(targets) && ctx.Err() == nil {
				start()
			} else if pending == 0 {
				return nil, first
			}
		}
	}
}

// discard closes connections that were established after the first one.
func discard(results <-chan attempt, pending int) {
	for range pending {
		if r := <-results; r.conn != nil {
			_ = r.conn.Close()
		}
	}
}
