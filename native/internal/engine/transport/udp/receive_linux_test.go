package udp

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/conn"
	"pgregory.net/rapid"
)

func bound(t testing.TB, address string) *socket {
	t.Helper()
	s, err := openSocket(netip.MustParseAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeAll([]*socket{s}) })
	return s
}

// numbered returns a datagram that contains its sender, its number and its size.
func numbered(sender byte, number uint32, size int) []byte {
	datagram := bytes.Repeat([]byte{sender}, size)
	binary.BigEndian.PutUint32(datagram, number)
	return datagram
}

// Datagrams of several senders, in batches of any size, are received unchanged, and each sender's in order, for any number of
// buffers, with and without GRO, over IPv4 and IPv6.
func TestDatagramsAreReceived(t *testing.T) {
	for _, c := range []struct{ name, address, gro string }{
		{"IPv4", "127.0.0.1:0", "on"}, {"IPv6", "[::1]:0", "on"}, {"IPv4 without GRO", "127.0.0.1:0", "off"}, {"IPv6 without GRO", "[::1]:0", "off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(groVariable, c.gro)
			receiver, senders := bound(t, c.address), []*socket{bound(t, c.address), bound(t, c.address)}
			if with := receiver.batch.(*mmsgBatcher).buffers != nil; with != (c.gro == "on") {
				t.Fatalf("GRO: %v", with)
			}
			packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
			for i := range packets {
				packets[i] = make([]byte, 2_048)
			}
			rapid.Check(t, func(t *rapid.T) {
				sent := map[netip.AddrPort][][]byte{}
				total := 0
				for range rapid.IntRange(1, 6).Draw(t, "batches") {
					from := rapid.IntRange(0, 1).Draw(t, "from")
					local := senders[from].local
					var batch [][]byte
					for _, size := range rapid.SliceOfN(rapid.SampledFrom([]int{4, 100, 1312, 1452, 1452, 1452}), 1, 100).Draw(t, "sizes") {
						batch = append(batch, numbered(byte(from), uint32(len(sent[local])+len(batch)), size))
					}
					if err := senders[from].send(batch, receiver.local); err != nil {
						t.Fatal(err)
					}
					sent[local] = append(sent[local], batch...)
					total += len(batch)
				}
				for total > 0 {
					buffers := rapid.IntRange(1, batchSize).Draw(t, "room")
					n, err := receiver.receive(packets[:buffers], sizes, endpoints)
					if err != nil || n < 1 || n > buffers {
						t.Fatalf("%d of %d: %v", n, buffers, err)
					}
					for i := range n {
						from := endpoints[i].(*Endpoint).Remote
						if len(sent[from]) == 0 || !bytes.Equal(packets[i][:sizes[i]], sent[from][0]) {
							t.Fatalf("%d bytes from %s are not what was sent", sizes[i], from)
						}
						sent[from] = sent[from][1:]
					}
					total -= n
				}
			})
		})
	}
}

// A batch that was sent as one is received as one.
func TestGSOBatchesAreReceivedWhole(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		receiver, sender := bound(t, address), bound(t, address)
		if err := sender.send(sized(slices.Repeat([]int{1_312}, 40)...), receiver.local); err != nil {
			t.Fatal(err)
		}
		r := receiver.batch.(*mmsgBatcher).receiver
		n, err := r.receive(maxMessages)
		if err != nil || n != 1 || r.in.headers[0].length != 40*1_312 || segmentSize(r.in.control(0)) != 1_312 {
			t.Errorf("%d messages, the first of %d bytes in segments of %d: %v", n, r.in.headers[0].length, segmentSize(r.in.control(0)), err)
		}
	}
}

// arrival is a message as the kernel would return it.
type arrival struct {
	from      netip.AddrPort
	payload   []byte
	segment   int
	truncated bool
}

// receiverOf returns a receiver that reads these messages, a given number per call.
func receiverOf(arrivals []arrival, atATime int) *receiver {
	r := &receiver{in: newInbox(nil, maxMessages)}
	for range maxMessages {
		r.buffers = append(r.buffers, make([]byte, maxMessageSize))
	}
	r.receive = func(limit int) (int, error) {
		n := min(limit, atATime, len(arrivals))
		if n == 0 {
			return 0, net.ErrClosed
		}
		for i, a := range arrivals[:n] {
			h := &r.in.headers[i]
			h.length, h.header.Flags = uint32(copy(r.buffers[i], a.payload)), 0
			if a.truncated {
				h.header.Flags = unix.MSG_TRUNC
			}
			name := (*unix.RawSockaddrInet4)(unsafe.Pointer(&r.in.senders[i]))
			*name = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: a.from.Addr().As4()}
			binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], a.from.Port())
			h.header.SetControllen(copy(r.in.controls[i][:], groControl(a.segment)))
		}
		arrivals = arrivals[n:]
		return n, nil
	}
	return r
}

// groControl returns the control message of a GRO message; nothing for a segment size of 0.
func groControl(segment int) []byte {
	if segment == 0 {
		return nil
	}
	control := setSegmentSize(make([]byte, groControlSize), segment)
	header := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	header.Type = unix.UDP_GRO
	header.SetLen(unix.CmsgLen(4))
	binary.NativeEndian.PutUint32(control[unix.CmsgLen(0):], uint32(segment))
	return control[:groControlSize]
}

func TestMessagesAreSplit(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")
	long := numbered(7, 0, maxMessageSize)
	for _, c := range []struct {
		name     string
		arrivals []arrival
		sizes    []int
		from     string
	}{
		{"one datagram", []arrival{{from: a, payload: long[:100]}}, []int{100}, "a"},
		{"an empty one", []arrival{{from: a}, {from: b, payload: long[:5]}}, []int{0, 5}, "ab"},
		{"a train with a shorter end", []arrival{{from: a, payload: long[:250], segment: 100}}, []int{100, 100, 50}, "aaa"},
		{"a train of one", []arrival{{from: a, payload: long[:100], segment: 100}}, []int{100}, "a"},
		{"segments longer than the message", []arrival{{from: a, payload: long[:100], segment: 1_000}}, []int{100}, "a"},
		{"trains of several senders and sizes", []arrival{
			{from: a, payload: long[:200], segment: 100}, {from: b, payload: long[:90], segment: 40}, {from: a, payload: long[:7]},
		}, []int{100, 100, 40, 40, 10, 7}, "aabbba"},
		{"a truncated one is lost, and nothing else", []arrival{
			{from: a, payload: long[:200], segment: 100}, {from: b, payload: long[:200], segment: 100, truncated: true}, {from: a, payload: long[:7]},
		}, []int{100, 100, 7}, "aaa"},
		{"only truncated ones before", []arrival{{from: b, payload: long[:200], truncated: true}, {from: a, payload: long[:7]}}, []int{7}, "a"},
		{"as long as it gets", []arrival{{from: a, payload: long[:64*1_000], segment: 1_000}}, slices.Repeat([]int{1_000}, 64), ""},
	} {
		for _, buffers := range []int{1, 2, 3, 64, 200} {
			for _, atATime := range []int{1, 2, maxMessages} {
				r := receiverOf(c.arrivals, atATime)
				var sizes []int
				var from string
				var payload []byte
				packets, lengths, senders := make([][]byte, buffers), make([]int, buffers), make([]netip.AddrPort, buffers)
				for i := range packets {
					packets[i] = make([]byte, 2_000)
				}
				for {
					n, err := r.read(packets, lengths, senders)
					if err != nil {
						break
					}
					for i := range n {
						sizes = append(sizes, lengths[i])
						payload = append(payload, packets[i][:lengths[i]]...)
						from += map[netip.AddrPort]string{a: "a", b: "b"}[senders[i]]
					}
				}
				var whole []byte
				for _, arrival := range c.arrivals {
					if !arrival.truncated {
						whole = append(whole, arrival.payload...)
					}
				}
				if !slices.Equal(sizes, c.sizes) || c.from != "" && from != c.from || !bytes.Equal(payload, whole) {
					t.Errorf("%s, room for %d, %d at a time: %v from %s", c.name, buffers, atATime, sizes, from)
				}
			}
		}
	}
}

func TestSegmentSize(t *testing.T) {
	other := groControl(1_452)
	(*unix.Cmsghdr)(unsafe.Pointer(&other[0])).Type = unix.UDP_SEGMENT
	damaged := groControl(1_452)
	(*unix.Cmsghdr)(unsafe.Pointer(&damaged[0])).SetLen(1_000)
	empty := groControl(1_452)
	(*unix.Cmsghdr)(unsafe.Pointer(&empty[0])).SetLen(0)
	for _, c := range []struct {
		name    string
		control []byte
		size    int
	}{
		{"none", nil, 0},
		{"GRO", groControl(1_452), 1_452},
		{"another", other, 0},
		{"another before it", append(other, groControl(1_312)...), 1_312},
		{"cut off", groControl(1_452)[:unix.SizeofCmsghdr+3], 0},
		{"cut off in its header", groControl(1_452)[:unix.SizeofCmsghdr-1], 0},
		{"longer than the buffer", damaged, 0},
		{"without a length", empty, 0},
	} {
		if size := segmentSize(c.control); size != c.size {
			t.Errorf("%s: %d", c.name, size)
		}
	}
}

// BenchmarkReceive sends and receives one batch of 40 datagrams.
func BenchmarkReceive(b *testing.B) {
	for _, gro := range []string{"on", "off"} {
		b.Run("GRO "+gro, func(b *testing.B) {
			b.Setenv(groVariable, gro)
			receiver, sender := bound(b, "127.0.0.1:0"), bound(b, "127.0.0.1:0")
			packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
			for i := range packets {
				packets[i] = make([]byte, maxMessageSize)
			}
			batch := sized(slices.Repeat([]int{1_312}, 40)...)
			b.ReportAllocs()
			for b.Loop() {
				if err := sender.send(batch, receiver.local); err != nil {
					b.Fatal(err)
				}
				for left := len(batch); left > 0; {
					n, err := receiver.receive(packets, sizes, endpoints)
					if err != nil {
						b.Fatal(err)
					}
					left -= n
				}
			}
		})
	}
}
