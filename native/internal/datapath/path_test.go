package datapath

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fake is a device that returns given packets and stores what is written to it.
type fake struct {
	mu       sync.Mutex
	changed  sync.Cond
	outgoing [][]byte
	woken    bool
	closed   bool
	got      [][]byte
}

func newFake() *fake {
	f := &fake{}
	f.changed.L = &f.mu
	return f
}

func (*fake) Name() (string, error) { return "fake", nil }
func (*fake) MTU() (int, error)     { return 1280, nil }
func (*fake) BatchSize() int        { return 8 }

func (f *fake) set(change func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.changed.Broadcast()
	return nil
}

func (f *fake) Wake() error  { return f.set(func() { f.woken = true }) }
func (f *fake) Close() error { return f.set(func() { f.closed = true }) }

func (f *fake) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.woken && !f.closed && len(f.outgoing) == 0 {
		f.changed.Wait()
	}
	if f.closed {
		return 0, os.ErrClosed
	}
	f.woken = false
	n := 0
	for ; n < len(buffers) && len(f.outgoing) > 0; n++ {
		sizes[n] = copy(buffers[n][offset:], f.outgoing[0])
		f.outgoing = f.outgoing[1:]
	}
	return n, nil
}

func (f *fake) Write(b *Batch) error {
	buffers, offset := b.Kept()
	for _, buffer := range buffers {
		f.got = append(f.got, bytes.Clone(buffer[offset:]))
	}
	return nil
}

// udp returns a packet of a size, with its number as ports.
func udp(number byte, size int) []byte {
	raw := make([]byte, size)
	raw[0], raw[2], raw[3], raw[9], raw[15], raw[19] = 0x45, byte(size>>8), byte(size), 17, 1, 2
	raw[21], raw[23], raw[25] = number, number, byte(size-20)
	return raw
}

func shifted(offset int, packets ...[]byte) (buffers [][]byte) {
	for _, raw := range packets {
		buffers = append(buffers, append(make([]byte, offset), raw...))
	}
	return buffers
}

func ports(packets [][]byte) (all []byte) {
	for _, raw := range packets {
		all = append(all, raw[23])
	}
	return all
}

// dropping is a stage that drops one port and records the packets it has seen.
func dropping(port uint16, seen *[]byte) Stage {
	return func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			*seen = append(*seen, byte(p.DstPort))
			if p.DstPort == port {
				p.Drop()
			}
		}
	}
}

func TestStagesInOrder(t *testing.T) {
	device := newFake()
	path := New(device)
	var first, second []byte
	path.FromTunnel(dropping(2, &first), dropping(3, &second))
	n, err := path.Write(shifted(16, udp(1, 40), udp(2, 40), udp(3, 40), udp(4, 40)), 16)
	if n != 4 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if !slices.Equal(first, []byte{1, 2, 3, 4}) || !slices.Equal(second, []byte{1, 3, 4}) || !slices.Equal(ports(device.got), []byte{1, 4}) {
		t.Errorf("the stages saw %v and %v, the device %v", first, second, ports(device.got))
	}
	device.got = nil
	if n, err := path.Write(shifted(16, udp(3, 40)), 16); n != 1 || err != nil || device.got != nil {
		t.Errorf("%d, %v: %v", n, err, device.got)
	}
}

func read(t *testing.T, path *Path) (got []byte, sizes []int) {
	t.Helper()
	const offset = 16
	buffers, all := make([][]byte, 8), make([]int, 8)
	for i := range buffers {
		buffers[i] = make([]byte, 200)
	}
	n, err := path.Read(buffers, all, offset)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		got = append(got, buffers[i][offset+23])
	}
	return got, all[:n]
}

func TestDroppedOutgoingPacketHasNoSize(t *testing.T) {
	device := newFake()
	path := New(device)
	var seen []byte
	path.ToTunnel(dropping(2, &seen))
	device.outgoing = [][]byte{udp(1, 40), udp(2, 50), udp(3, 60)}
	if _, sizes := read(t, path); !slices.Equal(sizes, []int{40, 0, 60}) {
		t.Errorf("sizes %v", sizes)
	}
}

// Injected packets reach a reader that is waiting for the device, pass the stages, and are marked as injected.
func TestInjectedPackets(t *testing.T) {
	device := newFake()
	path := New(device)
	var injected []bool
	path.ToTunnel(func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			injected = append(injected, p.Injected)
		}
	})
	for i := range byte(100) {
		done := make(chan []byte, 1)
		go func() {
			got, _ := read(t, path)
			done <- got
		}()
		if err := path.Inject(udp(i, 40)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-done:
			if !slices.Equal(got, []byte{i}) {
				t.Fatalf("read %v", got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the reader was not woken")
		}
	}
	_ = device.set(func() { device.outgoing = [][]byte{udp(1, 40)} })
	read(t, path)
	if len(injected) != 101 || injected[100] || slices.Contains(injected[:100], false) {
		t.Errorf("injected: %v", injected)
	}
	for range injectLimit {
		if err := path.Inject(udp(1, 40)); err != nil {
			t.Fatal(err)
		}
	}
	if err := path.Inject(udp(1, 40)); !errors.Is(err, ErrQueueFull) {
		t.Errorf("got %v", err)
	}
}

// A packet that causes a panic in a stage is dropped. If a stage panics outside of a packet, the batch is dropped.
func TestPanics(t *testing.T) {
	former := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(former) })
	device := newFake()
	path := New(device)
	counted := 0
	path.FromTunnel(func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			if p.DstPort%2 == 0 {
				panic("even")
			}
			counted++
		}
	})
	n, err := path.Write(shifted(0, udp(2, 40), udp(1, 40), udp(4, 40), udp(3, 40), udp(6, 40)), 0)
	if n != 5 || err != nil || counted != 2 || !slices.Equal(ports(device.got), []byte{1, 3}) {
		t.Errorf("%d, %v: counted %d, the device has %v", n, err, counted, ports(device.got))
	}
	device.got = nil
	path.FromTunnel(func(*Batch) { panic("always") })
	if n, err := path.Write(shifted(0, udp(1, 40)), 0); n != 1 || err != nil || device.got != nil {
		t.Errorf("%d, %v: %v", n, err, device.got)
	}
}

// A held packet continues behind the stage that held it back, in both directions.
func TestHeldPackets(t *testing.T) {
	device := newFake()
	path := New(device)
	var before, after []byte
	var held [][]byte
	hold := func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			if p.DstPort == 2 {
				held = append(held, bytes.Clone(p.Raw))
				p.Drop()
			}
		}
	}
	path.ToTunnel(dropping(9, &before), hold, dropping(8, &after))
	path.HeldToTunnel(func(buffers [][]byte, sizes []int, offset int) (n int) {
		for ; n < len(buffers) && len(held) > 0; n++ {
			sizes[n] = copy(buffers[n][offset:], held[0])
			held = held[1:]
		}
		return n
	}, dropping(8, &after))
	device.outgoing = [][]byte{udp(1, 40), udp(2, 50)}
	first, sizes := read(t, path)
	if !slices.Equal(first, []byte{1, 2}) || !slices.Equal(sizes, []int{40, 0}) {
		t.Errorf("first %v, of sizes %v", first, sizes)
	}
	if second, sizes := read(t, path); !slices.Equal(second, []byte{2}) || !slices.Equal(sizes, []int{50}) {
		t.Errorf("then %v, of sizes %v", second, sizes)
	}
	if !slices.Equal(before, []byte{1, 2}) || !slices.Equal(after, []byte{1, 2}) {
		t.Errorf("the stages before saw %v, those behind %v", before, after)
	}
	// A batch of which nothing remains is not returned.
	device.outgoing = [][]byte{udp(2, 60), udp(2, 61)}
	if got, sizes := read(t, path); !slices.Equal(got, []byte{2, 2}) || !slices.Equal(sizes, []int{60, 61}) {
		t.Errorf("%v, of sizes %v", got, sizes)
	}
	// A packet that was held back while the reader waits.
	reading := make(chan []byte, 1)
	var due atomic.Bool
	path.held = func(buffers [][]byte, sizes []int, offset int) int {
		if !due.Swap(false) {
			return 0
		}
		sizes[0] = copy(buffers[0][offset:], udp(3, 40))
		return 1
	}
	go func() {
		got, _ := read(t, path)
		reading <- got
	}()
	due.Store(true)
	if err := path.Wake(); err != nil {
		t.Fatal(err)
	}
	if got := <-reading; !slices.Equal(got, []byte{3}) {
		t.Errorf("read %v", got)
	}
	path.FromTunnel(dropping(4, &before))
	if err := path.HeldToDevice(shifted(16, udp(4, 40), udp(5, 40)), 16); err != nil || !slices.Equal(ports(device.got), []byte{4, 5}) {
		t.Errorf("%v: delivered %v", err, ports(device.got))
	}
}

// discard is a device that does as little work as a TUN device.
type discard struct{ Device }

func (*discard) Write(b *Batch) error {
	_, _ = b.Kept()
	return nil
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 64} {
		b.Run(map[int]string{1: "one", 64: "batch"}[size], func(b *testing.B) {
			path := New(&discard{})
			count := 0
			counting := func(b *Batch) {
				for p := b.Next(); p != nil; p = b.Next() {
					count += len(p.Raw)
				}
			}
			path.FromTunnel(counting, counting, counting)
			buffers := shifted(16, slices.Repeat([][]byte{udp(1, 100)}, size)...)
			for b.Loop() {
				_, _ = path.Write(buffers, 16)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/packet")
		})
	}
}
