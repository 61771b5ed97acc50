package udp

import (
	"bytes"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/ipv4"
	"golang.zx2c4.com/wireguard/conn"

	"sag.software/native/internal/hostnet/nettest"
)

// Where the route to one destination carries less than the floor, packets up to the floor still arrive there, in fragments, and the
// other destinations of the socket get their batches whole.
func TestANarrowPath(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	for _, line := range []string{
		"address add 198.51.100.1/32 dev lo", "route replace local 198.51.100.1 dev lo table local mtu 1300",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", line, err, out)
		}
	}
	sender, narrow, wide := bound(t, "0.0.0.0:0"), bound(t, "198.51.100.1:0"), bound(t, "127.0.0.1:0")
	sent := sized(slices.Repeat([]int{mayFragment}, 20)...)
	packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
	for i := range packets {
		packets[i] = make([]byte, 2_048)
	}
	b := sender.batch.(*mmsgBatcher)
	calls := 0
	b.flush = func(messages []ipv4.Message) (int, error) {
		calls++
		return b.writeBatch(messages)
	}
	for range 2 {
		for _, to := range []*socket{narrow, wide} {
			calls = 0
			if err := sender.send(sent, to.local); err != nil {
				t.Fatalf("to %s: %v", to.local, err)
			}
			if calls > 2 { // one that is refused, and one in fragments
				t.Errorf("%d system calls for %d datagrams to %s", calls, len(sent), to.local)
			}
			var got [][]byte
			for len(got) < len(sent) {
				n, err := to.receive(packets, sizes, endpoints)
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					got = append(got, bytes.Clone(packets[i][:sizes[i]]))
				}
			}
			if !slices.EqualFunc(got, sent, bytes.Equal) {
				t.Errorf("to %s something else has arrived", to.local)
			}
		}
	}
	known := func(of *socket) bool {
		return b.narrow.limit(netip.AddrPortFrom(of.local.Addr(), of.local.Port())) == mayFragment
	}
	if b.noGSO.Load() || !known(narrow) || known(wide) {
		t.Errorf("singly to all: %v, to the narrow one: %v, to the other: %v", b.noGSO.Load(), known(narrow), known(wide))
	}
}

// What is larger than the floor is not cut: it does not arrive, its size is reported, and what fits is still sent in batches.
func TestNothingLargerThanTheFloorIsCut(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	for _, line := range []string{
		"address add 198.51.100.1/32 dev lo", "route replace local 198.51.100.1 dev lo table local mtu 1400",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", line, err, out)
		}
	}
	b := New(netip.MustParseAddrPort("0.0.0.0:0"))
	var reported []int
	b.NotifyTooLarge(func(size int) { reported = append(reported, size) })
	if _, _, err := b.Open(0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	receiver := bound(t, "198.51.100.1:0")
	to := NewEndpoint(receiver.local)
	if err := b.Send(sized(1_452, 1_452, 1_320, 1_452), to); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(reported, []int{1_452}) {
		t.Errorf("reported %v", reported)
	}
	if err := b.Send(sized(slices.Repeat([]int{1_320}, 10)...), to); err != nil {
		t.Fatal(err)
	}
	packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
	for i := range packets {
		packets[i] = make([]byte, 2_048)
	}
	for got := 0; got < 11; {
		n, err := receiver.receive(packets, sizes, endpoints)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range sizes[:n] {
			if size != 1_320 {
				t.Errorf("%d bytes arrived", size)
			}
		}
		got += n
	}
	if limit := b.sockets[0].batch.(*mmsgBatcher).segmentLimit(to.Remote); limit != 1_452 {
		t.Errorf("batches up to %d bytes", limit)
	}
}
