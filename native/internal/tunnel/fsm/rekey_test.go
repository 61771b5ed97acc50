package fsm

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// quietWorld is connected, with a lease that does not end during the test.
func quietWorld(t failer, names ...string) *world {
	p := testProfile(names...)
	p.Lease, p.RenewAfter = 24*time.Hour, 12*time.Hour
	w := newWorld(t, p).up(p)
	w.run(5*time.Second, nil)
	return w
}

func TestRekeyAfterUnansweredHandshakes(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}} {
		t.Run(fmt.Sprint(len(names), " access points"), func(t *testing.T) {
			w := quietWorld(t, names...)
			w.send(Attention{Watching: true})
			from := w.now
			w.keysUnknown = true
			w.must(3*time.Second, "reconnecting", is(reconnecting))
			took := w.must(7*time.Second, "connected again", is(connected))
			if n := w.count(from, isRekey); n != 1 {
				t.Errorf("%d requests for new keys", n)
			}
			t.Logf("connected %v after it was lost", took)
			if len(names) == 1 && w.count(from, func(e Effect) bool { a, ok := e.(Activate); return ok && a.Abort }) != 0 {
				t.Error("connections through the only access point were ended")
			}
			from = w.now
			w.run(10*time.Minute, nil)
			if n := w.count(from, isRekey); n != 0 {
				t.Errorf("%d more requests while connected", n)
			}
		})
	}
	t.Run("right after a dial", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p)
		w.keysUnknown = true
		w.send(Started{Session: p})
		w.must(7*time.Second, "connected", is(connected))
	})
}

func TestRekeyPauses(t *testing.T) {
	w := quietWorld(t, "a")
	from := w.now
	w.dead["a"] = true
	w.send(Attention{Watching: true})
	w.run(time.Hour, nil)
	var at []time.Duration
	for _, l := range w.log {
		if l.at >= from && isRekey(l.effect) {
			at = append(at, (l.at-from)/time.Second)
		}
	}
	// 6 s, then pauses of 30 s, 1, 2, 4 and finally 5 min, each up to a fifth longer.
	if len(at) < 12 || len(at) > 16 {
		t.Fatalf("requested at %d s", at)
	}
	for i, pause := range []time.Duration{30, 60, 120, 240, 300, 300, 300} {
		if gap := at[i+1] - at[i]; gap < pause-1 || gap > pause*6/5+1 {
			t.Errorf("%d s after the last, not %d", gap, pause)
		}
	}
	w.dead["a"] = false
	w.must(2*time.Second, "connected", is(connected))
}

func TestNoRekeyWithoutTheCloud(t *testing.T) {
	w := quietWorld(t, "a")
	from := w.now
	w.dead["a"], w.cloudUp, w.keysUnknown = true, false, true
	w.send(StreamBroken{Failure: failure.Of(failure.InstanceUnreachable, msg.Foreign("reset"))})
	w.run(10*time.Minute, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(Renew); return ok }); n != 0 {
		t.Fatalf("requested %d times", n)
	}
	w.dead["a"], w.cloudUp = false, true
	w.must(6*time.Second, "connected once the network is back", is(connected))
}

func TestRekeyRefused(t *testing.T) {
	for name, c := range map[string]struct {
		cause failure.Cause
		want  Phase
	}{"session over": {failure.SessionExpired, failed}, "cloud away": {failure.InstanceUnreachable, reconnecting}} {
		t.Run(name, func(t *testing.T) {
			w := quietWorld(t, "a")
			w.send(Attention{Watching: true})
			w.dead["a"] = true
			from := w.now
			for w.count(from, isRekey) == 0 {
				w.run(100*time.Millisecond, nil)
			}
			w.pending = nil
			renewAt := w.m.rekey.renewAt
			w.send(RenewFailed{Failure: failure.Of(c.cause, msg.Foreign("no"))})
			v := w.m.View()
			if v.Phase != c.want {
				t.Fatalf("%v %v", v.Phase, v.Cause)
			}
			if c.want == failed && v.Cause.Code() != c.cause {
				t.Fatal(v.Cause)
			}
			if c.want != failed && w.m.lease.renewAt != renewAt {
				t.Errorf("renewal moved from %v to %v", renewAt, w.m.lease.renewAt)
			}
		})
	}
}

// For any sequence of failures: requests are at least 30 s apart, none is sent while connected or without the cloud, and if
// cloud and access point work and only the keys are wrong, the session recovers.
func TestRekeyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b"}[:rapid.IntRange(1, 2).Draw(t, "access points")]
		w := quietWorld(t, names...)
		w.send(Attention{Watching: rapid.Bool().Draw(t, "watched")})
		w.rtt = time.Duration(rapid.IntRange(1, 200).Draw(t, "rtt ms")) * time.Millisecond
		var last Instant
		seen := len(w.log)
		check := func() {
			for _, l := range w.log[seen:] {
				if !isRekey(l.effect) {
					continue
				}
				if last != 0 && l.at-last < firstRekeyPause {
					t.Fatalf("requested twice within %v", l.at-last)
				}
				last = l.at
			}
			seen = len(w.log)
		}
		pass := func(d time.Duration) {
			for end := w.now + d; w.now < end; {
				before, open, n := w.m.View().Phase, w.m.cloud.open, len(w.log)
				w.run(min(10*time.Millisecond, end-w.now), nil)
				for _, l := range w.log[n:] {
					if isRekey(l.effect) && before == connected && w.m.View().Phase == connected {
						t.Fatal("requested while connected")
					}
					if isRekey(l.effect) && !open && !w.m.cloud.open {
						t.Fatal("requested while the event stream is down")
					}
				}
				check()
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) { pass(time.Duration(rapid.IntRange(1, 20000).Draw(t, "ms")) * time.Millisecond) },
			"access point": func(t *rapid.T) {
				id := rapid.SampledFrom(names).Draw(t, "id")
				w.dead[id] = !w.dead[id]
			},
			"keys": func(*rapid.T) { w.keysUnknown, w.fresh = true, false },
			"cloud": func(*rapid.T) {
				if w.cloudUp = !w.cloudUp; !w.cloudUp {
					w.send(StreamBroken{})
				}
			},
			"": func(*rapid.T) { check() },
		})
		w.cloudUp, w.dead = true, map[string]bool{}
		pass(idleInterval + 10*time.Second)
		if w.keysUnknown {
			pass(lastRekeyPause*6/5 + 10*time.Second)
		}
		if w.m.View().Phase != connected {
			t.Fatalf("phase %v", w.m.View().Phase)
		}
	})
}
