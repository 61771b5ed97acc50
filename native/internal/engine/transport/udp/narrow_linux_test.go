package udp

import (
	"bytes"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.zx2c4.com/wireguard/conn"

	"sag.software/native/internal/hostnet/nettest"
)

// If the route to one destination has an MTU smaller than a segment, all datagrams arrive there in fragments, and other
// destinations of the socket still get GSO batches.
func TestPathWithSmallMTU(t *testing.T) {
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
	sent := sized(slices.Repeat([]int{1_452}, 20)...)
	packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
	for i := range packets {
		packets[i] = make([]byte, 2_048)
	}
	for range 2 {
		for _, to := range []*socket{narrow, wide} {
			if err := sender.send(sent, to.local); err != nil {
				t.Fatalf("to %s: %v", to.local, err)
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
	b := sender.batch.(*mmsgBatcher)
	known := func(of *socket) bool {
		return b.narrow.has(netip.AddrPortFrom(of.local.Addr(), of.local.Port()))
	}
	if b.noGSO.Load() || !known(narrow) || known(wide) {
		t.Errorf("singly to all: %v, to the narrow one: %v, to the other: %v", b.noGSO.Load(), known(narrow), known(wide))
	}
}
