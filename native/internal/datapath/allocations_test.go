//go:build !race

package datapath

import "testing"

// With the race detector sync.Pool drops some items (see sync.Pool.Put), so this runs in the stage "go memory".
func TestPathDoesNotAllocate(t *testing.T) {
	path := New(&discard{})
	seen := make([]byte, 0, 1<<20)
	path.FromTunnel(dropping(2, &seen))
	buffers := shifted(16, udp(1, 40), udp(2, 40), udp(3, 40))
	if n := testing.AllocsPerRun(100, func() { _, _ = path.Write(buffers, 16) }); n > 0 {
		t.Errorf("%v allocations for each batch", n)
	}
}
