package caps

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/mtu"
)

var (
	anna, anna2 = netip.MustParseAddr("10.9.0.2"), netip.MustParseAddr("10.9.0.3")
	berta       = netip.MustParseAddr("10.9.0.4")
	server      = netip.MustParseAddr("10.0.0.80")
)

// device keeps what is written to it, and returns what is put into outgoing.
type device struct {
	datapath.Device
	mu       sync.Mutex
	wake     sync.Cond
	woken    bool
	outgoing [][]byte
	got      [][]byte
}

func newDevice() *device {
	d := &device{}
	d.wake.L = &d.mu
	return d
}

func (d *device) Write(b *datapath.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	buffers, offset := b.Kept()
	for _, buffer := range buffers {
		d.got = append(d.got, bytes.Clone(buffer[offset:]))
	}
	return nil
}

func (d *device) Read(buffers [][]byte, sizes []int, offset int) (n int, _ error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.woken && len(d.outgoing) == 0 {
		d.wake.Wait()
	}
	d.woken = false
	for ; n < len(buffers) && len(d.outgoing) > 0; n++ {
		sizes[n] = copy(buffers[n][offset:], d.outgoing[0])
		d.outgoing = d.outgoing[1:]
	}
	return n, nil
}

func (d *device) Wake() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.woken = true
	d.wake.Broadcast()
	return nil
}

// taken returns what was written since the last call.
func (d *device) taken() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	got := d.got
	d.got = nil
	return got
}

func datagram(from, to netip.Addr, port uint16, size int) []byte {
	raw := make([]byte, size)
	raw[0], raw[9] = 0x45, packet.UDP
	binary.BigEndian.PutUint16(raw[2:], uint16(size))
	copy(raw[12:], from.AsSlice())
	copy(raw[16:], to.AsSlice())
	binary.BigEndian.PutUint16(raw[20:], port)
	binary.BigEndian.PutUint16(raw[22:], port)
	return raw
}

func bytesOf(packets [][]byte) (sum int) {
	for _, raw := range packets {
		sum += len(raw)
	}
	return sum
}

func of(packets [][]byte, at int, address netip.Addr) (those [][]byte) {
	for _, raw := range packets {
		if bytes.Equal(raw[at:at+4], address.AsSlice()) {
			those = append(those, raw)
		}
	}
	return those
}

const offset = 16

func newPath(d *device) (*datapath.Path, *Caps) {
	path := datapath.New(d)
	c := New(path)
	path.FromTunnel(c.FromTunnel)
	path.ToTunnel(c.ToTunnel)
	path.HeldToTunnel(c.ReadHeld)
	return path, c
}

// write passes packets that WireGuard has received.
func write(t *testing.T, path *datapath.Path, packets ...[]byte) {
	var buffers [][]byte
	for _, raw := range packets {
		buffers = append(buffers, append(make([]byte, offset), raw...))
	}
	if _, err := path.Write(buffers, offset); err != nil {
		t.Error(err)
	}
}

func group(rate uint64, name string, addresses ...netip.Addr) Client {
	return Client{Group: name, Addresses: addresses, Rates: rules.Rates{Up: rate, Down: rate}}
}

// Two sessions of an account share its cap; a client without one is not limited, and its packets pass at once.
func TestSessionsOfAnAccountShareItsCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 8_000_000
		d := newDevice()
		path, c := newPath(d)
		defer c.Close()
		c.Assign([]Client{group(rate, "a", anna), group(rate, "a", anna2), group(0, "b", berta)}, nil)
		shares := map[netip.Addr]int{}
		for tick := range 2000 { // 24 Mbit/s each
			write(t, path,
				datagram(anna, server, 1000, 1500), datagram(berta, server, 1000, 1500), datagram(anna, server, 1000, 1500),
				datagram(anna2, server, 2000, 1500), datagram(anna2, server, 2000, 1500), datagram(berta, server, 1000, 1500),
			)
			got := d.taken()
			if n := len(of(got, 12, berta)); n != 2 {
				t.Fatalf("%d packets of the client without a cap passed at once", n)
			}
			time.Sleep(time.Millisecond)
			if got = append(got, d.taken()...); tick >= 1000 {
				for _, a := range []netip.Addr{anna, anna2} {
					shares[a] += bytesOf(of(got, 12, a))
				}
			}
		}
		sum, difference := shares[anna]+shares[anna2], shares[anna]-shares[anna2]
		if share := float64(sum) * 8 / rate; share < 0.98 || share > 1.01 || difference*difference > sum*sum/100 {
			t.Errorf("%v of %d bytes", shares, rate/8)
		}
	})
}

// The bandwidth of an instance holds for all its clients together, and its classes have their own limits, in both directions. Clients of
// another instance are not limited.
func TestClassesOfAnInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mbit = 1_000_000
		d := newDevice()
		path, c := newPath(d)
		defer c.Close()
		udp := func(port uint16) []qos.Policy {
			return []qos.Policy{{
				Protocol: rules.UDP, Source: netip.MustParsePrefix("0.0.0.0/0"), Destination: netip.MustParsePrefix("10.0.0.0/24"),
				DestinationPorts: &rules.PortRange{First: port, Last: port},
			}}
		}
		of1 := func(a netip.Addr) Client {
			return Client{Group: a.String(), Instance: "sag-1", Addresses: []netip.Addr{a}}
		}
		clients := []Client{of1(anna), of1(anna2), {Group: "b", Instance: "sag-2", Addresses: []netip.Addr{berta}}}
		c.Assign(clients, []qos.Instance{{ID: "sag-1", Bandwidth: 20 * mbit, Classes: []qos.Class{
			{ID: "a", Rate: 4 * mbit, Ceiling: 6 * mbit, Policies: udp(1000)},
			{ID: "b", Rate: 10 * mbit, Ceiling: 20 * mbit, Policies: udp(2000)},
		}}})
		ports := map[uint16]int{}
		for tick := range 2000 { // 24 Mbit/s of each port and client
			for range 2 {
				for _, port := range []uint16{1000, 2000, 3000} {
					write(t, path, datagram(anna, server, port, 1500), datagram(anna2, server, port, 1500))
				}
				write(t, path, datagram(berta, server, 1000, 1500))
			}
			time.Sleep(time.Millisecond)
			got := d.taken()
			if n := len(of(got, 12, berta)); n != 2 {
				t.Fatalf("%d packets of the other instance passed", n)
			}
			if tick >= 1000 {
				for _, raw := range append(of(got, 12, anna), of(got, 12, anna2)...) {
					ports[binary.BigEndian.Uint16(raw[20:])] += len(raw) * 8
				}
			}
		}
		for port, want := range map[uint16]int{1000: 6 * mbit, 2000: 13 * mbit, 3000: mbit} {
			if got := ports[port]; got < want*95/100 || got > want*105/100 {
				t.Errorf("%v, want %d at port %d", ports, want, port)
			}
		}
		up, down := c.Counters()
		if len(up) != 3 || len(down) != 3 {
			t.Fatalf("%+v, %+v", up, down)
		}
		for _, counters := range up {
			if counters.Instance != "sag-1" || counters.Packets == 0 || counters.Bytes != 1500*counters.Packets || counters.Dropped() == 0 {
				t.Errorf("%+v", counters)
			}
		}
		// Without limits, what waits leaves at once, and further packets are not queued.
		c.Assign(clients, nil)
		synctest.Wait()
		if n := len(d.taken()); n == 0 {
			t.Error("nothing left when the limits were removed")
		}
		write(t, path, datagram(anna, server, 1000, 1500))
		if n := len(d.taken()); n != 1 || len(*c.up.shaped.Load()) > 0 {
			t.Errorf("%d packets passed at once without limits", n)
		}
	})
}

// In one configuration, the classes are in the opposite order of the other one. A packet that is classified by one and queued by the other
// would be counted in the wrong class.
func TestNoPacketIsClassifiedByPartOfAChange(t *testing.T) {
	const changes = 10_000
	d := newDevice()
	path, c := newPath(d)
	defer c.Close()
	class := func(id string, port uint16) qos.Class {
		all := netip.MustParsePrefix("0.0.0.0/0")
		return qos.Class{ID: id, Ceiling: 100_000_000, Policies: []qos.Policy{{
			Protocol: rules.UDP, Source: all, Destination: all, DestinationPorts: &rules.PortRange{First: port, Last: port + 999},
		}}}
	}
	first, second := class("first", 1000), class("second", 2000)
	orders := [][]qos.Class{{first, second}, {second, first}, {second, class("unused", 5000), first}}
	clients := []Client{{Group: "a", Instance: "i", Addresses: []netip.Addr{anna}}}
	set := func(n int) {
		c.Assign(clients, []qos.Instance{{ID: "i", Bandwidth: 1_000_000_000, Classes: orders[n%len(orders)]}})
	}
	set(0)
	done, senders, sent := make(chan struct{}), sync.WaitGroup{}, atomic.Int64{}
	for range 2 {
		senders.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				write(t, path, datagram(anna, server, 1500, 1000), datagram(anna, server, 2500, 1400), datagram(anna, server, 1500, 1000))
				d.taken()
				sent.Add(3)
			}
		})
	}
	for n := 0; n < changes || sent.Load() < 10_000; n++ {
		set(n)
	}
	close(done)
	senders.Wait()
	up, _ := c.Counters()
	for _, counters := range up {
		size := map[string]uint64{"first": 1000, "second": 1400}[counters.Class]
		if size > 0 && counters.Packets == 0 || counters.Bytes != counters.Packets*size {
			t.Errorf("%+v", counters)
		}
	}
	t.Logf("%d packets", sent.Load())
}

// reader reads packets to the tunnel, as WireGuard does.
func reader(path *datapath.Path) (taken func() [][]byte) {
	var mu sync.Mutex
	var got [][]byte
	go func() {
		buffers, sizes := make([][]byte, 16), make([]int, 16)
		for i := range buffers {
			buffers[i] = make([]byte, 2000)
		}
		for {
			n, err := path.Read(buffers, sizes, offset)
			mu.Lock()
			for i := range n {
				if sizes[i] == 1 { // the end of the test
					mu.Unlock()
					return
				}
				if sizes[i] > 0 {
					got = append(got, bytes.Clone(buffers[i][offset:offset+sizes[i]]))
				}
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return func() [][]byte {
		mu.Lock()
		defer mu.Unlock()
		all := got
		got = nil
		return all
	}
}

// What the host sends to a capped client leaves at its rate without the reader being woken by other packets, and in order.
func TestPacketsToAClientLeaveAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 10_000_000
		d := newDevice()
		path, c := newPath(d)
		c.Assign([]Client{group(rate, "a", anna)}, nil)
		taken := reader(path)
		send := func(packets ...[]byte) {
			d.mu.Lock()
			d.outgoing = append(d.outgoing, packets...)
			d.wake.Broadcast()
			d.mu.Unlock()
			synctest.Wait()
		}
		for i := range 30 {
			raw := datagram(server, anna, 1000, mtu.Ceiling)
			raw[30] = byte(i)
			send(raw, datagram(server, berta, 1000, mtu.Ceiling))
		}
		send(datagram(server, anna, 53, 200))
		got := taken()
		if len(of(got, 16, berta)) != 30 || len(of(got, 16, anna)) > 9 {
			t.Errorf("at once: %d and %d packets", len(of(got, 16, berta)), len(of(got, 16, anna)))
		}
		time.Sleep(2 * time.Millisecond)
		first := taken()
		if len(first) == 0 || len(first[0]) != 200 {
			t.Fatalf("%d packets left first, not the answer of DNS", len(first))
		}
		time.Sleep(time.Second)
		rest := append(append(of(got, 16, anna), first[1:]...), taken()...)
		last := -1
		for _, raw := range rest {
			if int(raw[30]) <= last {
				t.Fatalf("packet %d after %d", raw[30], last)
			}
			last = int(raw[30])
		}
		if len(rest) != 30 {
			t.Errorf("%d of 30 packets arrived", len(rest))
		}
		// Without a cap, what waits leaves at once.
		for range 30 {
			send(datagram(server, anna, 1000, mtu.Ceiling))
		}
		c.Assign(nil, nil)
		synctest.Wait()
		if n := len(taken()); n != 30 {
			t.Errorf("%d of 30 packets left when the cap was removed", n)
		}
		c.Close()
		send([]byte{0})
	})
}

// Packets of a client from one goroutine arrive in order, while the timer and other clients' goroutines deliver as well.
func TestOrderFromClients(t *testing.T) {
	d := newDevice()
	path, c := newPath(d)
	defer c.Close()
	clients := []netip.Addr{anna, anna2, berta}
	var list []Client
	for _, a := range clients {
		list = append(list, group(400_000_000, a.String(), a))
	}
	c.Assign(list, nil)
	var senders sync.WaitGroup
	for _, a := range clients {
		senders.Go(func() {
			for i := range uint32(5000) {
				raw := datagram(a, server, 1000, 600)
				binary.BigEndian.PutUint32(raw[40:], i+1)
				write(t, path, raw)
			}
		})
	}
	senders.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		c.up.mu.Lock()
		_, waits := c.up.scheduler.Next()
		c.up.mu.Unlock()
		if !waits || time.Now().After(deadline) {
			break
		}
	}
	c.delivering.Lock()
	defer c.delivering.Unlock()
	got := d.taken()
	for _, a := range clients {
		last := uint32(0)
		for _, raw := range of(got, 12, a) {
			if n := binary.BigEndian.Uint32(raw[40:]); n <= last {
				t.Fatalf("%s: packet %d after %d", a, n, last)
			} else {
				last = n
			}
		}
		if last == 0 {
			t.Errorf("%s: nothing arrived", a)
		}
	}
}

// discard is a device that does nothing.
type discard struct{ datapath.Device }

func (*discard) Write(*datapath.Batch) error { return nil }

// BenchmarkStage measures what the stage costs for a batch of 64 packets.
func BenchmarkStage(b *testing.B) {
	for _, test := range []struct {
		name    string
		without bool
		clients []Client
		limits  []qos.Instance
	}{
		{"without the stage", true, nil, nil},
		{"no caps", false, nil, nil},
		{"another client has a cap", false, []Client{group(1_000_000, "b", berta)}, nil},
		{"capped", false, []Client{group(1_000_000_000_000, "a", anna)}, nil},
		{"of a class", false, []Client{{Group: "a", Instance: "i", Addresses: []netip.Addr{anna}}}, []qos.Instance{{
			ID: "i", Bandwidth: 1_000_000_000_000, Classes: []qos.Class{{ID: "a", Ceiling: 1_000_000_000_000, Policies: []qos.Policy{{
				Source: netip.MustParsePrefix("0.0.0.0/0"), Destination: netip.MustParsePrefix("0.0.0.0/0"),
			}}}},
		}}},
	} {
		b.Run(test.name, func(b *testing.B) {
			path := datapath.New(&discard{})
			c := New(path)
			defer c.Close()
			if !test.without {
				path.FromTunnel(c.FromTunnel)
			}
			c.Assign(test.clients, test.limits)
			var buffers [][]byte
			for range 64 {
				buffers = append(buffers, append(make([]byte, offset), datagram(anna, server, 1000, 1400)...))
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = path.Write(buffers, offset)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(buffers)), "ns/packet")
		})
	}
}
