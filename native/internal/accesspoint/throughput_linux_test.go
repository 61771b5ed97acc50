package accesspoint

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/engine"
)

// One TCP connection: client stack, WireGuard over loopback, access point, published Unix socket; all in this process.
// Run with -bench=Throughput -benchtime=3s -run=^$.
func BenchmarkThroughput(b *testing.B) {
	for _, way := range []string{"up", "down"} {
		b.Run(way, func(b *testing.B) { benchmarkThroughput(b, way == "up", nil) })
	}
}

// BenchmarkThroughputOf500Peers is the same beside 499 other peers, without rules and with 200 of which none matches. Run it with -count and
// compare the medians.
func BenchmarkThroughputOf500Peers(b *testing.B) {
	var list []*accesspointv1.Rule
	for i := range uint32(200) {
		rule := udpRule(accesspointv1.Rule_ACTION_DENY, i, i+1, i+1)
		rule.Protocol, rule.Ports[0].First, rule.Ports[0].Last = accesspointv1.Rule_PROTOCOL_TCP, 1000+i, 1000+i
		list = append(list, rule)
	}
	for _, way := range []string{"up", "down"} {
		for name, rules := range map[string][]*accesspointv1.Rule{"no rules": {}, "200 rules": list} {
			b.Run(way+", "+name, func(b *testing.B) { benchmarkThroughput(b, way == "up", rules) })
		}
	}
}

// manyPeers adds 499 peers, and gives all and the client the same list.
func (f *fixture) manyPeers(t testing.TB, client *fakeclient.Client, list []*accesspointv1.Rule) {
	peers := []*accesspointv1.Peer{client.Peer(time.Hour, "10.0.0.0/24")}
	for i := 1; i < 500; i++ {
		key, err := engine.NewPrivateKey()
		must(t, err)
		public := key.Public()
		peers = append(peers, &accesspointv1.Peer{
			SessionId: fmt.Sprintf("%032x", i), PublicKey: public[:], PresharedKey: public[:], Incarnation: 1,
			Addresses:    []string{fmt.Sprintf("10.9.%d.%d/32", 1+i>>8, i&255), fmt.Sprintf("fd00:5a9::1:%x/128", i)},
			Destinations: []string{"10.0.0.0/24"}, Lease: durationpb.New(time.Hour),
		})
	}
	delta := &accesspointv1.Delta{Upsert: peers}
	if len(list) > 0 {
		delta.RuleLists = []*accesspointv1.RuleList{{Id: "list", Rules: list}}
		for _, peer := range peers {
			peer.RuleListIds = []string{"list"}
		}
	}
	if refused := f.delta(t, delta).GetRefused(); len(refused) > 0 {
		t.Fatalf("refused: %v", refused)
	}
}

// benchmarkThroughput measures one direction; list = nil: without other peers.
func benchmarkThroughput(b *testing.B, up bool, list []*accesspointv1.Rule) {
	path := filepath.Join(b.TempDir(), "sink.sock")
	listener, err := net.Listen("unix", path)
	must(b, err)
	defer listener.Close()
	f := newFixture(b, published(b, "10.0.0.80:80=unix:"+path), policy.Host{})
	c := f.dialUp(b, "10.0.0.0/24")
	if list != nil {
		f.manyPeers(b, c, list)
	}
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
	began, used := time.Now(), processorTime(b)
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
	b.ReportMetric(float64(processorTime(b)-used)/float64(b.N)/piece*1000, "cpu-ns/kB")
}

// processorTime is what this process has used. It depends less than the throughput on what else the machine does.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
