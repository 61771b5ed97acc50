package netstack_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
)

// path carries packets in one direction. It loses one packet in `loses` (0 = none); the others arrive in order after `delay`.
type path struct {
	loses int
	delay time.Duration
}

// parcel contains the packets of one read.
type parcel struct {
	due     time.Time
	packets [][]byte
}

func (p path) carry(from, to *datapath.Path, random *rand.Rand) {
	const room, waiting = 64, 8192
	under := make(chan parcel, waiting)
	defer close(under)
	go func() {
		for one := range under {
			if p.delay > 0 {
				time.Sleep(time.Until(one.due)) // the path's delay
			}
			if _, err := to.Write(one.packets, 0); err != nil {
				return
			}
		}
	}()
	buffers, sizes := make([][]byte, room), make([]int, room)
	for i := range buffers {
		buffers[i] = make([]byte, 65535)
	}
	for {
		n, err := from.Read(buffers, sizes, 0)
		if err != nil {
			return
		}
		one := parcel{due: time.Now().Add(p.delay)}
		for i := range n {
			if p.loses == 0 || random.IntN(p.loses) != 0 {
				one.packets = append(one.packets, append([]byte(nil), buffers[i][:sizes[i]]...))
			}
		}
		if len(one.packets) > 0 {
			under <- one
		}
	}
}

// transfer returns the time that size bytes take over a path that loses packets in both directions.
func transfer(t testing.TB, way path, size int, seed uint64) time.Duration {
	t.Helper()
	server := netip.MustParseAddrPort("10.0.0.1:80")
	a, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.PrefixFrom(server.Addr(), 32)}, MTU: 1280})
	must(t, err)
	defer a.Close()
	b, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, MTU: 1280})
	must(t, err)
	defer b.Close()
	ofA, ofB := datapath.New(a.Device()), datapath.New(b.Device())
	go way.carry(ofA, ofB, rand.New(rand.NewPCG(seed, 1)))
	go way.carry(ofB, ofA, rand.New(rand.NewPCG(seed, 2)))
	listener, err := a.ListenTCP(server)
	must(t, err)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write(make([]byte, size))
		_ = conn.Close()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := b.DialTCP(ctx, server)
	must(t, err)
	defer conn.Close()
	begun := time.Now()
	must(t, conn.SetReadDeadline(begun.Add(2*time.Minute)))
	if n, err := io.Copy(io.Discard, conn); err != nil || n != int64(size) {
		t.Fatalf("%d of %d bytes: %v", n, size, err)
	}
	return time.Since(begun)
}

// Loss detection must not depend on the retransmission timeout: with it alone, 4 MB take 10 s and more at 5 % loss.
func TestRandomLossCostsLittle(t *testing.T) {
	const size, limit = 4 << 20, 3 * time.Second
	s, err := netstack.New(netstack.Config{MTU: 1280, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}})
	must(t, err)
	defer s.Close()
	if s.CongestionControl() != "rate" {
		t.Skip("not run: needs gVisor as patched by native/tools/engine")
	}
	for _, loses := range []int{100, 20} {
		t.Run(fmt.Sprint("one in ", loses), func(t *testing.T) {
			var took []time.Duration
			for seed := range uint64(3) {
				took = append(took, transfer(t, path{loses: loses}, size, seed))
			}
			slices.Sort(took)
			if took[1] > limit { // the median, because a lost SYN takes a second
				t.Errorf("%d bytes took %v", size, took)
			}
		})
	}
}

func BenchmarkLoss(b *testing.B) {
	const size = 10 << 20
	for _, delay := range []time.Duration{0, 10 * time.Millisecond, 40 * time.Millisecond} {
		for _, loses := range []int{0, 100, 20} {
			b.Run(fmt.Sprintf("delay=%s/lost=1in%d", 2*delay, loses), func(b *testing.B) {
				var took time.Duration
				for n := range b.N {
					took += transfer(b, path{loses, delay}, size, uint64(n))
				}
				b.ReportMetric(float64(size)*8*float64(b.N)/took.Seconds()/1e6, "Mbit/s")
			})
		}
	}
}
