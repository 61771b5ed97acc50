package accesspoint

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"sag.software/native/internal/accesspoint/policy"
)

// One TCP connection: client stack, WireGuard over loopback, access point, published Unix socket; all in this process.
// Run with -bench=Throughput -benchtime=3s -run=^$.
func BenchmarkThroughput(b *testing.B) {
	for _, way := range []string{"up", "down"} {
		b.Run(way, func(b *testing.B) { benchmarkThroughput(b, way == "up") })
	}
}

func benchmarkThroughput(b *testing.B, up bool) {
	path := filepath.Join(b.TempDir(), "sink.sock")
	listener, err := net.Listen("unix", path)
	must(b, err)
	defer listener.Close()
	f := newFixture(b, published(b, "10.0.0.80:80=unix:"+path), policy.Host{})
	c := f.dialUp(b, "10.0.0.0/24")
	inner, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(b, err)
	defer inner.Close()
	host, err := listener.Accept()
	must(b, err)
	defer host.Close()
	var from, to net.Conn = host, inner
	if up {
		from, to = inner, host
	}
	const piece = 64 << 10
	b.SetBytes(piece)
	b.ResetTimer()
	began := time.Now()
	go func() {
		data := make([]byte, piece)
		for range b.N {
			if _, err := from.Write(data); err != nil {
				return
			}
		}
	}()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(to, int64(b.N)*piece), make([]byte, piece))
	must(b, err)
	b.ReportMetric(float64(b.N)*piece*8/1e9/time.Since(began).Seconds(), "Gb/s")
}
