package account

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath"
)

// sink is a device that discards writes and returns the packets it was given.
type sink struct {
	datapath.Device
	next [][]byte
}

func (*sink) Write(*datapath.Batch) error { return nil }
func (*sink) Wake() error                 { return nil }

func (s *sink) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	for i, raw := range s.next {
		sizes[i] = copy(buffers[i][offset:], raw)
	}
	return len(s.next), nil
}

func v4(from, to string, size int) []byte {
	raw := make([]byte, size)
	raw[0], raw[3] = 0x45, byte(size)
	copy(raw[12:], netip.MustParseAddr(from).AsSlice())
	copy(raw[16:], netip.MustParseAddr(to).AsSlice())
	return raw
}

func TestClients(t *testing.T) {
	const own, a, b, server = "10.9.9.9", "10.9.0.1", "10.9.0.2", "10.0.0.80"
	first, second := &Counter{}, &Counter{}
	c := NewClients()
	c.SetOwn(netip.MustParseAddr(own))
	c.Assign(map[netip.Addr]*Counter{netip.MustParseAddr(a): first, netip.MustParseAddr(b): second})
	device := &sink{}
	path := datapath.New(device)
	path.FromTunnel(c.FromTunnel)
	path.ToTunnel(c.ToTunnel)
	from := [][]byte{v4(a, server, 100), v4(a, server, 20), v4(server, a, 90), v4(b, server, 30), v4(a, own, 50), {1, 2, 3}}
	if _, err := path.Write(from, 0); err != nil {
		t.Fatal(err)
	}
	device.next = [][]byte{v4(server, a, 40), v4(own, a, 60), v4(server, a, 21), v4(server, b, 70), v4(server, server, 80)}
	buffers, sizes := make([][]byte, 8), make([]int, 8)
	for i := range buffers {
		buffers[i] = make([]byte, 200)
	}
	if n, err := path.Read(buffers, sizes, 16); n != len(device.next) || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if rx, tx := first.Rx.Load(), first.Tx.Load(); rx != 170 || tx != 61 {
		t.Errorf("the first: %d from it, %d to it", rx, tx)
	}
	if rx, tx := second.Rx.Load(), second.Tx.Load(); rx != 30 || tx != 70 {
		t.Errorf("the second: %d from it, %d to it", rx, tx)
	}
}
