package rate

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Downloads leave room for DNS and calls at every rate, and use the rest.
func TestDatagramsPassWhileStreamsUseTheRate(t *testing.T) {
	for _, bandwidth := range []uint64{2_000_000, 20_000_000} {
		synctest.Test(t, func(t *testing.T) {
			var limit Limit
			limit.Set(bandwidth)
			const lasts = 10 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), lasts)
			defer cancel()
			carried := make(chan int, 20)
			for range cap(carried) { // streams
				go func() {
					sum := 0
					for {
						n := limit.Chunk()
						if limit.Wait(ctx, n) != nil {
							carried <- sum
							return
						}
						sum += n
					}
				}()
			}
			lost, datagrams := 0, 0
			for ctx.Err() == nil {
				begun := time.Now()
				if !limit.Datagram(ctx, 200) || time.Since(begun) > 0 {
					lost++
				}
				datagrams += 200
				time.Sleep(20 * time.Millisecond)
			}
			sum := datagrams
			for range cap(carried) {
				sum += <-carried
			}
			if share := float64(sum) * 8 / (float64(bandwidth) * lasts.Seconds()); lost > 0 || share < 0.95 || share > 1.02 {
				t.Errorf("at %d bit/s: %d datagrams lost or late, and %.3f of the rate used", bandwidth, lost, share)
			}
		})
	}
}

// Datagrams do not use the whole rate either.
func TestStreamsPassWhileDatagramsFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limit Limit
		limit.Set(2_000_000)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var flood sync.WaitGroup
		for range 4 {
			flood.Go(func() {
				for ctx.Err() == nil {
					limit.Datagram(ctx, 1200)
					time.Sleep(time.Millisecond)
				}
			})
		}
		sum := 0
		for limit.Wait(ctx, limit.Chunk()) == nil {
			sum += limit.Chunk()
		}
		flood.Wait()
		if share := float64(sum) * 8 / (2_000_000 * 10); share < 0.25 {
			t.Errorf("a stream got %.3f of the rate", share)
		}
	})
}

func TestPacketsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limit Limit
		limit.Set(2_000_000)
		passed, small, datagrams := 0, 0, 0
		const milliseconds = 10_000
		for i := range milliseconds { // 1,280 bytes per millisecond is five times the rate
			if limit.AllowTCP(1280) {
				passed += 1280
			}
			if i%20 == 0 && limit.AllowTCP(60) {
				small++
			}
			if i%20 == 10 && limit.AllowDatagram(228) {
				datagrams++
			}
			time.Sleep(time.Millisecond)
		}
		if small != milliseconds/20 || datagrams != milliseconds/20 {
			t.Errorf("%d small packets and %d datagrams of %d passed", small, datagrams, milliseconds/20)
		}
		if share := float64(passed+small*60+datagrams*228) * 8 / 20_000_000; share < 0.95 || share > 1.05 {
			t.Errorf("%.3f of the rate was used", share)
		}
	})
}

func TestUnlimitedPasses(t *testing.T) {
	var limit Limit
	for range 2 {
		if limit.Wait(context.Background(), MaxChunk) != nil || !limit.AllowTCP(1280) || !limit.AllowDatagram(1280) || limit.Chunk() != MaxChunk {
			t.Fatal("delayed or dropped without a limit")
		}
		limit.Set(1000)
		limit.Set(0)
	}
}
