package udp

import (
	"bytes"
	"errors"
	"math"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

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

func TestDatagramsAreCoalesced(t *testing.T) {
	for _, c := range []struct {
		name     string
		sizes    []int
		segments []int
	}{
		{"one", []int{1452}, []int{1}},
		{"of one size", []int{1452, 1452, 1452}, []int{3}},
		{"a shorter one is the last", []int{1452, 1452, 100, 1452}, []int{3, 1}},
		{"a longer one begins the next batch", []int{100, 1452, 1452}, []int{1, 2}},
		{"empty ones go by themselves", []int{0, 0, 5, 5, 0}, []int{1, 1, 2, 1}},
		{"no longer than a packet", slices.Repeat([]int{9_000}, 9), []int{7, 2}},
		{"at most maxSegments", slices.Repeat([]int{10}, 70), []int{64, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var segments []int
			for _, m := range coalesce(newMessages(batchSize), sized(c.sizes...), math.MaxInt) {
				segments = append(segments, len(m.Buffers))
				if (len(m.OOB) > 0) != (len(m.Buffers) > 1) {
					t.Errorf("%d segments with %d bytes of control", len(m.Buffers), len(m.OOB))
				}
			}
			if !slices.Equal(segments, c.segments) {
				t.Error(segments)
			}
			if alone := coalesce(newMessages(batchSize), sized(c.sizes...), 0); len(alone) != min(len(c.sizes), batchSize) {
				t.Errorf("singly: %d messages", len(alone))
			}
		})
	}
}

// Datagrams arrive unchanged, separately and in order, on a kernel with GSO.
func TestGSOBatchesArriveAsDatagrams(t *testing.T) {
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
		if sender.batch.(*mmsgBatcher).noGSO.Load() {
			t.Errorf("%s does not support GSO", address)
		}
	}
}

// The first refused batch shows that a path has no GSO, and nothing of it is lost. From then on datagrams are sent one by one: to
// all destinations if the device refuses batches, to that one if its path MTU is too small. See denoland/clawpatrol #790: a
// sender that falls back on EIO only sends nothing more after EMSGSIZE.
func TestPathsWithoutGSO(t *testing.T) {
	refusing, other := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:1")
	for _, c := range []struct {
		refusal       error
		noGSO, narrow bool
	}{{unix.EIO, true, false}, {unix.EOPNOTSUPP, true, false}, {unix.EMSGSIZE, false, true}, {unix.EINVAL, false, true}, {unix.ECONNREFUSED, false, false}} {
		t.Run(c.refusal.Error(), func(t *testing.T) {
			var got [][]byte
			batches := 0
			b := &mmsgBatcher{}
			b.sending.New = func() any { m := newMessages(batchSize); return &m }
			b.flush = func(messages []ipv4.Message) (int, error) {
				for i, m := range messages {
					if len(m.Buffers) > 1 {
						batches++
						if i > 0 {
							return i, nil
						}
						return -1, &net.OpError{Op: "write", Err: c.refusal}
					}
					got = append(got, m.Buffers[0])
				}
				return len(messages), nil
			}
			send := func(to netip.AddrPort) (batched bool) {
				t.Helper()
				got, batches = nil, 0
				sent := sized(100, 1452, 1452, 1452, 7, 100)
				if err := b.write(sent, to); err != nil {
					t.Error(err)
				}
				if !slices.EqualFunc(got, sent, bytes.Equal) {
					t.Errorf("%d of %d", len(got), len(sent))
				}
				return batches > 0
			}
			if !send(refusing) {
				t.Error("no batch was tried")
			}
			if again := send(refusing); again == (c.noGSO || c.narrow) {
				t.Errorf("batches again: %v", again)
			}
			if elsewhere := send(other); elsewhere == c.noGSO {
				t.Errorf("batches elsewhere: %v", elsewhere)
			}
			for to := range b.narrow.known {
				b.narrow.known[to] = refusedSegment{size: 1, until: time.Now().Add(-time.Second)}
			}
			if later := send(refusing); later == c.noGSO {
				t.Errorf("batches when the path may be another: %v", later)
			}
		})
	}
	if refusalOf(errors.New("something else")) != notRefused {
		t.Error("every error counts as a refusal")
	}
}

// The cache of destinations is limited.
func TestCacheOfNarrowPathsIsLimited(t *testing.T) {
	var n narrow
	for i := range 2*mostNarrow + 1 {
		n.add(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(i)), 1_452)
	}
	if len(n.known) > mostNarrow || n.limit(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 2*mostNarrow)) != 1_452 {
		t.Errorf("%d are known", len(n.known))
	}
}
