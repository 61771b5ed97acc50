//go:build !race

package flows

import (
	"net/netip"
	"testing"
)

// With the race detector sync.Pool drops some items (see sync.Pool.Put), so this runs in the stage "go memory".
func TestCountingDoesNotAllocate(t *testing.T) {
	f := newFixture(t)
	f.serve("fl-1", log("fl-1", netip.MustParseAddrPort("127.0.0.1:9")))
	buffers := [][]byte{append(make([]byte, offset), udp(clientAddress, hostAddress, 100)...)}
	if n := testing.AllocsPerRun(1000, func() { _, _ = f.path.Write(buffers, offset) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
