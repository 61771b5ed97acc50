//go:build !race

package shape

import (
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
)

// With the race detector sync.Pool drops some items (see sync.Pool.Put), so this runs in the stage "go memory".
func TestSchedulerDoesNotAllocate(t *testing.T) {
	scheduler, c, now := NewScheduler(testMemory), newAccount(1_000_000_000), time.Duration(0)
	packets := [][]byte{parcel(packet.TCP, 443, 1, 1420, 0), parcel(packet.TCP, 443, 2, 1420, 0), parcel(packet.UDP, 53, 3, 100, 0)}
	if n := testing.AllocsPerRun(1000, func() {
		for _, raw := range packets {
			scheduler.Push(now, c, DefaultClass, raw, kindOf(raw))
		}
		now += 50 * time.Microsecond
		for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
			p.Release()
		}
	}); n > 0 {
		t.Errorf("%v allocations for each batch", n)
	}
}

func BenchmarkScheduler(b *testing.B) {
	scheduler, c, now := NewScheduler(testMemory), newAccount(10_000_000_000), time.Duration(0)
	raw := parcel(packet.TCP, 443, 1, 1420, 0)
	kind := kindOf(raw)
	for b.Loop() {
		now += 2 * time.Microsecond
		scheduler.Push(now, c, DefaultClass, raw, kind)
		for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
			p.Release()
		}
	}
}
