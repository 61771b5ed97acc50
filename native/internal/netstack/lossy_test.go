package netstack_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
)

// join carries packets from one device to another and drops one in `loses` at random.
func join(from, to *datapath.Path, random *rand.Rand, loses int) {
	const room = 64
	buffers, sizes := make([][]byte, room), make([]int, room)
	for i := range buffers {
		buffers[i] = make([]byte, 65535)
	}
	for {
		n, err := from.Read(buffers, sizes, 0)
		if err != nil {
			return
		}
		var kept [][]byte
		for i := range n {
			if random.IntN(loses) != 0 {
				kept = append(kept, append([]byte(nil), buffers[i][:sizes[i]]...))
			}
		}
		if len(kept) > 0 {
			if _, err := to.Write(kept, 0); err != nil {
				return
			}
		}
	}
}

// After repeated losses the congestion window must still allow one packet in flight. gVisor's CUBIC reduces it to zero, and
// without packets in flight no acknowledgement can ever raise it again.
func TestTransferSurvivesPacketLoss(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			lossyTransfer(t, seed)
		})
	}
}

func lossyTransfer(t *testing.T, seed uint64) {
	const size = 384 << 10
	server := netip.MustParseAddrPort("10.0.0.1:80")
	a, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.PrefixFrom(server.Addr(), 32)}, MTU: 1280})
	must(t, err)
	defer a.Close()
	b, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, MTU: 1280})
	must(t, err)
	defer b.Close()
	ofA, ofB := datapath.New(a.Device()), datapath.New(b.Device())
	go join(ofA, ofB, rand.New(rand.NewPCG(seed, 1)), 8)
	go join(ofB, ofA, rand.New(rand.NewPCG(seed, 2)), 50)
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
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := b.DialTCP(ctx, server)
	must(t, err)
	// A stalled transfer receives nothing for this long. The total time varies, because each retransmission timeout doubles
	// the next one (RFC 6298, 5.5).
	const stopped = 30 * time.Second
	buffer, total := make([]byte, 64<<10), 0
	for total < size {
		_ = conn.SetReadDeadline(time.Now().Add(stopped))
		n, err := conn.Read(buffer)
		if total += n; err != nil {
			t.Fatalf("%d of %d bytes: %v", total, size, err)
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(stopped))
	if n, err := conn.Read(buffer); n != 0 || err != io.EOF {
		t.Fatalf("after all of it: %d bytes, %v", n, err)
	}
}
