package fsm

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// For any sequence of events the view is consistent, generations only grow, and every session ends.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "access points")]
		p := testProfile(names...)
		w := &world{
			t: t, now: time.Hour, rtt: time.Duration(rapid.IntRange(1, 300).Draw(t, "rtt ms")) * time.Millisecond,
			dead: map[string]bool{}, cloudUp: true, renewal: p,
		}
		n := uint64(0)
		w.m = New(func() uint64 { n++; return n })
		var generation uint64
		var closeSince Instant // since when the state is watched
		over := false
		check := func() {
			v := w.m.View()
			if v.Generation < generation {
				t.Fatalf("generation fell from %x to %x", generation, v.Generation)
			}
			generation = v.Generation
			if v.Phase == connected {
				if v.Cause != nil {
					t.Fatalf("connected with cause %v", v.Cause)
				}
				if v.Life == 0 || w.active == nil {
					t.Fatal("connected without a received packet")
				}
				if w.now > v.LeaseEnd {
					t.Fatal("connected after the lease")
				}
				if closeSince != 0 && w.now-closeSince > 3*time.Second && w.now-v.Life > 3*time.Second {
					t.Fatalf("connected, watched, last life %v ago", w.now-v.Life)
				}
			}
			if over && v.Phase != failed {
				t.Fatalf("over, but %v", v.Phase)
			}
			if v.Phase == failed && v.Cause == nil {
				t.Fatal("failed without a cause")
			}
			if (v.Phase == failed || v.Phase == disconnected) && w.active != nil {
				t.Fatalf("%v with a peer", v.Phase)
			}
		}
		start := func(*rapid.T) { over = false; w.pending = nil; w.send(Started{Session: p}); check() }
		start(t)
		t.Repeat(map[string]func(*rapid.T){
			"start": start,
			"stop":  func(*rapid.T) { w.send(Stopped{}); over = false; check() },
			"time": func(t *rapid.T) {
				end := w.now + time.Duration(rapid.IntRange(1, 8000).Draw(t, "ms"))*time.Millisecond
				for w.now < end {
					w.run(min(100*time.Millisecond, end-w.now), nil)
					if w.m.View().Phase == failed {
						over = true
					}
					check()
				}
			},
			"access point": func(t *rapid.T) {
				id := rapid.SampledFrom(names).Draw(t, "id")
				w.dead[id] = !w.dead[id]
			},
			"cloud": func(*rapid.T) {
				w.cloudUp = !w.cloudUp
				if !w.cloudUp {
					w.send(StreamBroken{})
				}
			},
			"watch": func(t *rapid.T) {
				on := rapid.Bool().Draw(t, "on")
				w.send(Attention{Watching: on})
				switch {
				case !on:
					closeSince = 0
				case closeSince == 0:
					closeSince = w.now
				}
			},
			"ask":     func(*rapid.T) { w.send(Queried{ID: n}); check() },
			"traffic": func(*rapid.T) { w.send(Traffic{Out: w.now}); check() },
			"end": func(*rapid.T) {
				wanted := w.m.wanted()
				w.send(SessionEnded{Failure: failure.Of(failure.Kicked, msg.Foreign("out"))})
				over = over || wanted
				check()
			},
			"stray": func(t *rapid.T) {
				w.send(ProbeReplied{Nonce: rapid.Uint64().Draw(t, "nonce"), Generation: generation})
				w.send(HungUp{})
				check()
			},
		})
	})
}
