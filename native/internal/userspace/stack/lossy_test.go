package stack_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/userspace/stack"
)

// join carries packets from one device to another and loses some: one in `loses`.
func join(from, to *stack.Device, random *rand.Rand, loses int) {
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

// A congestion window that loss after loss has made small has to stay large enough to send something: gVisor's CUBIC lets
// it fall to nothing, and with nothing under way there is nothing that would ever raise it again.
func TestLossesSlowATransferAndNeverEndIt(t *testing.T) {
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
	a, err := stack.New(stack.Config{Addresses: []netip.Prefix{netip.PrefixFrom(server.Addr(), 32)}, MTU: 1280})
	must(t, err)
	defer a.Close()
	b, err := stack.New(stack.Config{Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, MTU: 1280})
	must(t, err)
	defer b.Close()
	go join(a.Device(), b.Device(), rand.New(rand.NewPCG(seed, 1)), 8)
	go join(b.Device(), a.Device(), rand.New(rand.NewPCG(seed, 2)), 50)
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
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if n, err := io.Copy(io.Discard, conn); err != nil || n != size {
		t.Errorf("%d of %d bytes: %v", n, size, err)
	}
}
