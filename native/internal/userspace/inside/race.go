package inside

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

type attempt struct {
	conn net.Conn
	err  error
}

// race tries the addresses in order, the next one beside the former after `stagger` or at its failure; the first
// connection wins. The first address's failure is the one that is told.
func race(ctx context.Context, addresses []netip.Addr, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	if len(addresses) == 1 {
		return dial(ctx, addresses[0])
	}
	if len(addresses) == 0 {
		return nil, errors.New("no address")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(addresses))
	started, pending := 0, 0
	start := func() {
		address := addresses[started]
		started++
		pending++
		go func() {
			conn, err := dial(ctx, address)
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
			if started < len(addresses) {
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
			if started < len(addresses) && ctx.Err() == nil {
				start()
			} else if pending == 0 {
				return nil, first
			}
		}
	}
}

// discard closes connections that came too late.
func discard(results <-chan attempt, pending int) {
	for range pending {
		if r := <-results; r.conn != nil {
			_ = r.conn.Close()
		}
	}
}
