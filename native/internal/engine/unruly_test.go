package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
)

// pass forwards datagrams between the sockets, and learns the sender at the first one.
func (r *relay) pass(in, out *net.UDPConn, learned, to *atomic.Pointer[net.UDPAddr], seed uint64) {
	const (
		heldBack      = 48
		transportData = 4 // type of WireGuard's data messages; handshakes are not affected
	)
	random := rand.New(rand.NewPCG(seed, seed))
	var held, seen [][]byte
	send := func(datagram []byte) {
		if address := to.Load(); address != nil {
			_, _ = out.WriteToUDP(datagram, address)
		}
	}
	release := func(keep int) {
		random.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		for ; len(held) > keep; held = held[1:] {
			send(held[0])
		}
	}
	buffer := make([]byte, 1<<16)
	for {
		_ = in.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
		n, from, err := in.ReadFromUDP(buffer)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			release(0)
			continue
		case err != nil:
			return
		}
		learned.Store(from)
		datagram := bytes.Clone(buffer[:n])
		if !r.unruly.Load() || datagram[0] != transportData {
			send(datagram)
			continue
		}
		if seen = append(seen, datagram); len(seen) > 4*heldBack {
			seen = seen[1:]
		}
		switch random.IntN(10) {
		case 0, 1, 2:
			if held = append(held, datagram); len(held) > heldBack {
				release(heldBack / 2)
			}
		case 3:
			send(seen[random.IntN(len(seen))])
			send(datagram)
		default:
			send(datagram)
		}
	}
}

// fakeLink is a device: the test gives it packets, and receives those that come out of the tunnel.
type fakeLink struct {
	outgoing, incoming chan []byte
	woken              chan struct{}
	closed             chan struct{}
	once               sync.Once
	// next is the sequence number of the next packet.
	next uint64
}

func newFakeLink() *fakeLink {
	return &fakeLink{
		outgoing: make(chan []byte), incoming: make(chan []byte, 1024), woken: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

func (*fakeLink) Name() (string, error) { return "fake", nil }
func (*fakeLink) MTU() (int, error)     { return 1420, nil }
func (*fakeLink) BatchSize() int        { return 16 }

func (l *fakeLink) Wake() error {
	select {
	case l.woken <- struct{}{}:
	default:
	}
	return nil
}

func (l *fakeLink) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *fakeLink) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	select {
	case packet := <-l.outgoing:
		sizes[0] = copy(buffers[0][offset:], packet)
	case <-l.woken:
		return 0, nil
	case <-l.closed:
		return 0, os.ErrClosed
	}
	n := 1
	for ; n < len(buffers); n++ {
		select {
		case packet := <-l.outgoing:
			sizes[n] = copy(buffers[n][offset:], packet)
		default:
			return n, nil
		}
	}
	return n, nil
}

func (l *fakeLink) Write(b *datapath.Batch) error {
	buffers, offset := b.Kept()
	for _, buffer := range buffers {
		select {
		case l.incoming <- bytes.Clone(buffer[offset:]):
		case <-l.closed:
			return os.ErrClosed
		}
	}
	return nil
}

// packet returns an IPv4 packet from 10.0.0.1 to 10.0.0.2 that contains a number.
func packet(number uint64) []byte {
	p := make([]byte, 28+int(number%1300))
	p[0], p[8], p[9] = 0x45, 64, 253
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint64(p[20:], number)
	return p
}

// exchange sends packets and waits for exactly one reply to each, in order if requested. Several are in flight at any time.
func (l *fakeLink) exchange(t *testing.T, count int, ordered bool) {
	t.Helper()
	const underWay = 64
	limit := time.After(time.Minute)
	first, last := l.next, l.next+uint64(count)
	answered := make([]bool, count)
	for done := 0; done < count; {
		outgoing := l.outgoing
		if l.next == last || int(l.next-first)-done >= underWay {
			outgoing = nil
		}
		select {
		case outgoing <- packet(l.next):
			l.next++
		case answer := <-l.incoming:
			number := binary.BigEndian.Uint64(answer[20:])
			if want := packet(number); len(want) != len(answer) || !bytes.Equal(answer[12:16], want[16:20]) {
				t.Fatalf("packet %d was changed: %x", number, answer)
			}
			switch {
			case number < first || number >= l.next || answered[number-first]:
				t.Fatalf("packet %d arrived twice", number)
			case ordered && number != first+uint64(done):
				t.Fatalf("packet %d arrived instead of %d", number, first+uint64(done))
			}
			answered[number-first] = true
			done++
		case <-limit:
			t.Fatalf("%d of %d packets arrived", done, count)
		}
	}
}
