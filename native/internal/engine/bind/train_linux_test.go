package bind

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func sized(sizes ...int) (all [][]byte) {
	for i, size := range sizes {
		all = append(all, bytes.Repeat([]byte{byte(i + 1)}, size))
	}
	return all
}

func TestTrainsAreCoupled(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes []int
		cars  []int
	}{
		{"one", []int{1452}, []int{1}},
		{"of one size", []int{1452, 1452, 1452}, []int{3}},
		{"a shorter one is the last", []int{1452, 1452, 100, 1452}, []int{3, 1}},
		{"a longer one is the next one's first", []int{100, 1452, 1452}, []int{1, 2}},
		{"empty ones go by themselves", []int{0, 0, 5, 5, 0}, []int{1, 1, 2, 1}},
		{"no longer than a packet", slices.Repeat([]int{9_000}, 9), []int{7, 2}},
		{"no more than the kernel takes", slices.Repeat([]int{10}, 70), []int{64, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cars []int
			for _, m := range couple(newMessages(batchSize), sized(c.sizes...), true) {
				cars = append(cars, len(m.Buffers))
				if (len(m.OOB) > 0) != (len(m.Buffers) > 1) {
					t.Errorf("%d cars with %d bytes of control", len(m.Buffers), len(m.OOB))
				}
			}
			if !slices.Equal(cars, c.cars) {
				t.Error(cars)
			}
			if apart := couple(newMessages(batchSize), sized(c.sizes...), false); len(apart) != min(len(c.sizes), batchSize) {
				t.Errorf("apart: %d messages", len(apart))
			}
		})
	}
}

// Whatever is sent comes in as it was, each datagram by itself and in order, on a kernel that takes trains.
func TestTrainsArriveAsDatagrams(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		receiver, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
		if err != nil {
			t.Fatal(err)
		}
		defer receiver.Close()
		growBuffers(receiver)
		to := receiver.LocalAddr().(*net.UDPAddr).AddrPort()
		sender, err := openSocket(netip.MustParseAddrPort(address))
		if err != nil {
			t.Fatal(err)
		}
		defer sender.udp.Close()
		rapid.Check(t, func(t *rapid.T) {
			sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 100, 1452, 1452, 1452}), 1, 100).Draw(t, "sizes")
			sent := sized(sizes...)
			if err := sender.send(sent, to); err != nil {
				t.Fatal(err)
			}
			buffer := make([]byte, 2_048)
			for i, want := range sent {
				n, err := receiver.Read(buffer)
				if err != nil || !bytes.Equal(buffer[:n], want) {
					t.Fatalf("%d: %d bytes of %d, %v", i, n, len(want), err)
				}
			}
		})
		if sender.batch.(*many).apart.Load() {
			t.Errorf("%s takes no trains", address)
		}
	}
}

// A way that takes no trains is found out by the first, of which nothing is lost; from then on each datagram goes by itself.
// denoland/clawpatrol #790: one who heeded EIO alone sent nothing at all any more after EMSGSIZE.
func TestNoTrainsToThere(t *testing.T) {
	for _, c := range []struct {
		refusal error
		apart   bool
	}{{unix.EIO, true}, {unix.EMSGSIZE, true}, {unix.EINVAL, true}, {unix.ECONNREFUSED, false}} {
		t.Run(c.refusal.Error(), func(t *testing.T) {
			var got [][]byte
			b := &many{}
			b.sending.New = func() any { m := newMessages(batchSize); return &m }
			b.flush = func(messages []ipv4.Message) (int, error) {
				for i, m := range messages {
					if len(m.Buffers) > 1 {
						if i > 0 {
							return i, nil
						}
						return -1, &net.OpError{Op: "write", Err: c.refusal}
					}
					got = append(got, m.Buffers[0])
				}
				return len(messages), nil
			}
			sent := sized(100, 1452, 1452, 1452, 7, 100)
			if err := b.write(sent, netip.MustParseAddrPort("192.0.2.1:1")); err != nil {
				t.Error(err)
			}
			if !slices.EqualFunc(got, sent, bytes.Equal) {
				t.Errorf("%d of %d", len(got), len(sent))
			}
			if b.apart.Load() != c.apart {
				t.Errorf("apart: %v", b.apart.Load())
			}
		})
	}
	if isNoTrain(errors.New("something else")) {
		t.Error("anything is taken for it")
	}
}
