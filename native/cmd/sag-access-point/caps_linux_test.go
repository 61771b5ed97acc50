package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/hostnet/nettest"
)

// Twenty clients download at once: each gets its own cap, and if they share one, an equal part of it.
func TestTwentyClientsWithCaps(t *testing.T) {
	for _, mode := range []string{"userspace", "routed", "nat"} {
		t.Run(mode, func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			const count, each = 20, 2_000_000
			c := newCampus(t, mode, 1)
			g := c.points[0]
			clients, peers := make([]*fakeclient.Client, count), make([]*accesspointv1.Peer, count)
			for i := range clients {
				id := fmt.Sprintf("%032x", i+1)
				clients[i] = fakeclient.New(t, id, fmt.Sprint("10.90.0.", 10+i), fmt.Sprint("fd00:5a9::", 10+i))
				peers[i] = clients[i].Peer(time.Hour, destinations4)
				peers[i].Bandwidth = each
			}
			g.cloud.WaitAck(t, g.cloud.Upsert(peers...))
			downloads := make([]download, count)
			var all sync.WaitGroup
			for i, client := range clients {
				c.bring(client, g)
				conn, err := client.Dial(context.Background(), net.JoinHostPort(host4, fmt.Sprint(bulkPort)))
				must(t, err)
				t.Cleanup(func() { _ = conn.Close() })
				all.Go(func() { downloads[i].receive(conn) })
			}
			check := func(what string, total float64) {
				t.Helper()
				rates := measure(downloads, time.Second, 3*time.Second)
				sum, squares := 0.0, 0.0
				for _, rate := range rates {
					sum += rate
					squares += rate * rate
				}
				t.Logf("%s: %.3f of the rate, fairness %.4f", what, sum/total, sum*sum/(count*squares))
				least, fair := 0.8, 0.95 // on a busy host, a timer can be later than the burst covers
				if racing {
					least, fair = 0, 0.9
				}
				if sum < least*total || sum > 1.02*total || sum*sum < fair*count*squares {
					t.Errorf("%s: %.3f of the rate, %.0f bit/s", what, sum/total, rates)
				}
			}
			check("each its own cap", count*each)
			for _, peer := range peers {
				peer.SharedRateId, peer.Bandwidth = "account", 10*each
			}
			g.cloud.WaitAck(t, g.cloud.Upsert(peers...))
			check("one cap together", 10*each)
			for i := range downloads {
				downloads[i].end()
			}
			all.Wait()
		})
	}
}

// download is one connection that receives.
type download struct {
	bytes  atomic.Int64
	ending atomic.Bool
}

func (d *download) receive(conn net.Conn) {
	buffer := make([]byte, 64<<10)
	for !d.ending.Load() {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		n, _ := conn.Read(buffer)
		d.bytes.Add(int64(n))
	}
}

func (d *download) end() { d.ending.Store(true) }

// measure returns the rates of downloads as IP packets of the fake client's MTU, bit/s.
func measure(downloads []download, after, lasts time.Duration) []float64 {
	const headers = 52 // of IPv4 and TCP with timestamps
	time.Sleep(after)
	rates, begun := make([]float64, len(downloads)), time.Now()
	for i := range downloads {
		rates[i] = -float64(downloads[i].bytes.Load())
	}
	time.Sleep(lasts)
	for i := range downloads {
		rates[i] += float64(downloads[i].bytes.Load())
		rates[i] *= 8 / time.Since(begun).Seconds() * fakeclient.MTU / (fakeclient.MTU - headers)
	}
	return rates
}
