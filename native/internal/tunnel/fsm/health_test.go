package fsm

import (
	"testing"
	"time"

	"sag.software/native/internal/failure"
)

func TestOnlyAccessPointFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*world)
		limit   time.Duration
	}{
		{"watched", func(w *world) { w.send(Attention{Watching: true}) }, 3 * time.Second},
		{"asked", func(w *world) { w.later(0, Queried{ID: 1}) }, time.Second},
		{"traffic goes unanswered", func(w *world) { w.later(0, Traffic{Out: w.now + 1}) }, 3 * time.Second},
		{"not watched", func(*world) {}, 28 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testProfile("a")
			p.Lease, p.RenewAfter = time.Hour, 30*time.Minute
			w := newWorld(t, p).up(p)
			w.run(5*time.Second, nil)
			generation := w.m.View().Generation
			w.dead["a"] = true
			c.prepare(w)
			w.must(c.limit, "reconnecting", func(v View) bool {
				return v.Phase == reconnecting && v.Cause.Code() == failure.AccessPointUnreachable
			})
			w.dead["a"] = false
			w.must(3*time.Second, "connected again", is(connected))
			if w.m.View().Generation != generation {
				t.Error("the generation grew without another access point")
			}
		})
	}
}

// A stalled download is noticed as fast as a stalled upload, although no packet is sent that could stay unanswered.
func TestStalledDownloadIsProbed(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p).up(p)
	w.run(5*time.Second, nil)
	w.dead["a"] = true
	w.later(0, Traffic{In: w.now + 2, Out: w.now + 1})
	w.must(5*time.Second, "up by b", func(v View) bool { return v.Phase == connected && v.Candidate.AccessPoint.ID == "b" })
	from := w.now
	w.run(20*time.Second, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(SendProbe); return ok }); n > 2 {
		t.Errorf("%d probes in 20 s without traffic", n)
	}
}

func TestOneLostProbeIsTolerated(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p).up(p)
	w.send(Attention{Watching: true})
	w.run(5*time.Second, nil)
	from := w.now
	w.dead["a"] = true
	w.run(400*time.Millisecond, nil)
	w.dead["a"] = false
	w.run(5*time.Second, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 0 {
		t.Fatalf("changed the access point %d times", n)
	}
}

func TestSlowLinkStaysUp(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p)
	w.rtt = 600 * time.Millisecond
	w.send(Started{Session: p})
	w.must(1500*time.Millisecond, "connected", is(connected))
	w.send(Attention{Watching: true})
	from := w.now
	w.run(20*time.Second, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 0 || w.m.View().Phase != connected {
		t.Fatalf("changed the access point %d times, phase %v", n, w.m.View().Phase)
	}
	if n := w.count(from+5*time.Second, isHandshake); n != 0 {
		t.Fatalf("%d handshakes forced on a link that answers", n)
	}
}

func TestIdleProbeInterval(t *testing.T) {
	p := testProfile("a")
	p.Lease, p.RenewAfter = time.Hour, 30*time.Minute
	w := newWorld(t, p).up(p)
	w.run(5*time.Second, nil)
	from := w.now
	w.run(100*time.Second, nil)
	if n := w.count(from, isProbe); n != 4 {
		t.Errorf("%d probes in 100 s unwatched", n)
	}
	w.send(Attention{Watching: true})
	from = w.now
	w.run(10*time.Second, nil)
	if n := w.count(from, isProbe); n < 9 || n > 11 {
		t.Errorf("%d probes in 10 s watched", n)
	}
}

func TestQueriesAreAlwaysAnswered(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p)
	answers := func() int {
		return w.count(0, func(e Effect) bool { _, ok := e.(Answer); return ok })
	}
	w.send(Queried{ID: 1})
	if answers() != 1 {
		t.Fatal("not answered without a session")
	}
	w.up(p)
	w.send(Queried{ID: 2})
	w.run(w.rtt+1, nil)
	if answers() != 2 {
		t.Fatal("not answered while connected")
	}
	w.send(Queried{ID: 3})
	w.send(Stopped{})
	if answers() != 3 {
		t.Fatal("not answered at the end")
	}
}
