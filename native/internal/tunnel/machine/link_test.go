package machine

import (
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel/profile"
)

func TestConnectsAtTheFirstProbeReply(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p)
	w.send(Started{Profile: p})
	if took := w.must(time.Second, "connected", is(connected)); took != w.rtt {
		t.Fatalf("took %v, one round trip is %v", took, w.rtt)
	}
	if w.m.View().Cause != nil {
		t.Fatal("connected with a cause")
	}
}

func TestUnansweredHandshakesAreRepeatedQuickly(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p)
	w.dead["a"] = true
	start := w.now
	w.send(Started{Profile: p})
	w.run(3600*time.Millisecond, nil)
	var at []time.Duration
	for _, l := range w.log {
		if isHandshake(l.effect) {
			at = append(at, (l.at-start)/time.Millisecond)
		}
	}
	want := []time.Duration{100, 300, 700, 1500, 2500, 3500}
	if len(at) != len(want) {
		t.Fatalf("handshakes at %d ms, want %d", at, want)
	}
	for i := range want {
		if at[i] != want[i] {
			t.Fatalf("handshakes at %d ms, want %d", at, want)
		}
	}
	if v := w.m.View(); v.Phase != connecting || v.Cause.GetCause() != typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE {
		t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
	}
	w.dead["a"] = false
	w.must(time.Second+w.rtt, "connected once it answers", is(connected))
}

func TestTheNextAccessPointAfterOneAndAHalfSeconds(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p)
	w.dead["a"] = true
	w.send(Started{Profile: p})
	took := w.must(3*time.Second, "connected by the other", is(connected))
	if took > 1600*time.Millisecond || w.active.AccessPoint.ID != "b" {
		t.Fatalf("took %v to %s", took, w.active.AccessPoint.ID)
	}
}

func TestOneOfTwoAccessPointsDies(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p).up(p)
	w.run(5*time.Second, nil)
	generation := w.m.View().Generation
	w.dead["a"] = true
	w.later(0, Traffic{Out: w.now + 1})
	took := w.must(5*time.Second, "up by b", func(v View) bool {
		return v.Phase == connected && v.Candidate.AccessPoint.ID == "b"
	})
	if took > 2500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if w.m.View().Generation <= generation {
		t.Error("the generation did not grow")
	}
	aborts := w.count(0, func(e Effect) bool { a, ok := e.(Activate); return ok && a.Abort })
	if aborts != 1 {
		t.Errorf("%d aborts of what the dead one carried", aborts)
	}
}

// Where access points keep connections, a change between them ends none; one that does not is enough to end them.
func TestWhatIsKeptIsNotEnded(t *testing.T) {
	for _, c := range []struct {
		a, b bool
		want int
	}{{true, true, 0}, {true, false, 1}, {false, true, 1}} {
		p := testProfile("a", "b")
		p.AccessPoints[0].KeepsConnections, p.AccessPoints[1].KeepsConnections = c.a, c.b
		w := newWorld(t, p).up(p)
		w.dead["a"] = true
		w.later(0, Traffic{Out: w.now + 1})
		w.must(5*time.Second, "up by b", func(v View) bool { return v.Phase == connected && v.Candidate.AccessPoint.ID == "b" })
		if got := w.count(0, func(e Effect) bool { a, ok := e.(Activate); return ok && a.Abort }); got != c.want {
			t.Errorf("%+v: %d aborts", c, got)
		}
	}
}

func TestARenewedProfile(t *testing.T) {
	t.Run("keeps the access point in use", func(t *testing.T) {
		p := testProfile("a", "b")
		w := newWorld(t, p).up(p)
		next := testProfile("b", "a")
		next.AccessPoints[0].PublicKey, next.AccessPoints[1].PublicKey = [32]byte{2}, [32]byte{1}
		next.AccessPoints[0].Endpoints[0].Port, next.AccessPoints[1].Endpoints[0].Port = 1001, 1000
		next.Revision = "r2"
		w.renewal = next
		from := w.now
		w.send(ProfileChanged{Revision: "r2"})
		w.run(time.Second, nil)
		if n := w.count(from, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 0 {
			t.Fatal("left an access point that is still there")
		}
		if n := w.count(from, func(e Effect) bool { _, ok := e.(Apply); return ok }); n != 1 {
			t.Fatalf("applied %d times", n)
		}
		if w.m.View().Candidate.AccessPoint.ID != "a" {
			t.Fatal("lost track of it")
		}
	})
	t.Run("leaves one that is gone", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.renewal = testProfile("b")
		w.renewal.Revision = "r2"
		w.send(ProfileChanged{Revision: "r2"})
		w.must(time.Second, "up by b", func(v View) bool { return v.Phase == connected && v.Candidate.AccessPoint.ID == "b" })
	})
}

func TestAnEndpointThatCanNotBeTried(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}} {
		p := testProfile(names...)
		w := newWorld(t, p)
		for _, n := range names {
			w.dead[n] = true
		}
		w.send(Started{Profile: p})
		w.send(ActivateFailed{Generation: w.m.View().Generation})
		w.run(300*time.Millisecond, nil)
		if n := w.count(0, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 2 {
			t.Fatalf("%d attempts with %d access points", n, len(names))
		}
	}
}

func TestCandidates(t *testing.T) {
	p := testProfile("a", "b", "c")
	p.AccessPoints[0].Ready = false
	p.AccessPoints[1].Endpoints = append(p.AccessPoints[1].Endpoints, profile.Endpoint{Host: "::1", Port: 9})
	var got string
	for _, c := range candidates(p) {
		got += c.AccessPoint.ID
	}
	if got != "bcab" {
		t.Fatalf("order %s", got)
	}
}
