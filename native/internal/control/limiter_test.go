//go:build linux

package control

import (
	"log/slog"
	"net"
	"testing"
	"time"
)

// fill fills a limiter without real sockets.
func fill(c *perUserLimiter, person uint32, n int) (taken []*counted, displaced int) {
	for range n {
		here, _ := net.Pipe()
		one, other := c.enter(person, here)
		if one != nil {
			taken = append(taken, one)
		}
		if other != nil {
			displaced++
			_ = other.Close()
		}
	}
	return taken, displaced
}

func TestSlotsAreShared(t *testing.T) {
	c := newPerUserLimiter(nil, slog.New(slog.DiscardHandler))
	for person := uint32(1000); person < 1000+sharedLimit/personLimit; person++ {
		if taken, _ := fill(c, person, personLimit+5); len(taken) != personLimit {
			t.Fatalf("user %d has %d places", person, len(taken))
		}
	}
	if c.shared != sharedLimit {
		t.Fatalf("%d slots are in use", c.shared)
	}
	// All slots are used by eight users. Root has its own slots, and a ninth user gets as many as the others.
	if taken, displaced := fill(c, 0, rootLimit+5); len(taken) != rootLimit || displaced != 0 {
		t.Errorf("root has %d slots, and displaced %d of others", len(taken), displaced)
	}
	taken, displaced := fill(c, 2000, personLimit)
	if fair := sharedLimit / 9; len(taken) < fair || displaced != len(taken) {
		t.Errorf("the ninth user has %d slots, and displaced %d of others", len(taken), displaced)
	}
	if c.shared != sharedLimit {
		t.Errorf("%d slots are in use", c.shared)
	}
	for _, one := range taken {
		_ = one.Close()
		_ = one.Close()
	}
	if want := sharedLimit - len(taken); c.shared != want || len(c.open[2000]) != 0 {
		t.Errorf("%d slots are in use, want %d", c.shared, want)
	}
}

func TestLoggedRefusalsAreLimited(t *testing.T) {
	c, now, logged := newPerUserLimiter(nil, slog.New(slog.DiscardHandler)), time.Unix(1, 0), 0
	for range 1000 {
		now = now.Add(time.Millisecond)
		if c.mayLog(1000, now) {
			logged++
		}
	}
	if logged != refusalsLogged || !c.mayLog(1001, now) || !c.mayLog(1000, now.Add(refusalsWithin+time.Second)) {
		t.Errorf("%d of 1000 refusals are logged", logged)
	}
}
