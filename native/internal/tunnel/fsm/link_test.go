package fsm

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
)

func TestConnectsAtTheFirstProbeReply(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p)
	w.send(Started{Session: p})
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
	w.send(Started{Session: p})
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
	if v := w.m.View(); v.Phase != connecting || v.Cause.Code() != failure.AccessPointUnreachable {
		t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
	}
	w.dead["a"] = false
	w.must(time.Second+w.rtt, "connected once it answers", is(connected))
}

func TestNextAccessPointAfterTimeout(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p)
	w.dead["a"] = true
	w.send(Started{Session: p})
	took := w.must(3*time.Second, "connected by the other", is(connected))
	if took > 1600*time.Millisecond || w.active.AccessPoint.ID != "b" {
		t.Fatalf("took %v to %s", took, w.active.AccessPoint.ID)
	}
}

func TestOneOfTwoAccessPointsFails(t *testing.T) {
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
		t.Errorf("%d aborts of the dead access point's connections", aborts)
	}
}

// Connections survive a change of access points only if both keep connections.
func TestKeptConnectionsAreNotAborted(t *testing.T) {
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

func TestRenewedSession(t *testing.T) {
	t.Run("keeps the access point in use", func(t *testing.T) {
		p := testProfile("a", "b")
		w := newWorld(t, p).up(p)
		next := testProfile("b", "a")
		next.AccessPoints[0].PublicKey, next.AccessPoints[1].PublicKey = [32]byte{2}, [32]byte{1}
		next.AccessPoints[0].Endpoints[0].Port, next.AccessPoints[1].Endpoints[0].Port = 1001, 1000
		next.Revision = "r2"
		w.renewal = next
		from := w.now
		w.send(SettingsChanged{Revision: "r2"})
		w.run(time.Second, nil)
		if n := w.count(from, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 0 {
			t.Fatal("left an access point that is still there")
		}
		if n := w.count(from, func(e Effect) bool { _, ok := e.(Apply); return ok }); n != 1 {
			t.Fatalf("applied %d times", n)
		}
		if w.m.View().Candidate.AccessPoint.ID != "a" {
			t.Fatal("the access point in use changed")
		}
	})
	t.Run("leaves a removed access point", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.renewal = testProfile("b")
		w.renewal.Revision = "r2"
		w.send(SettingsChanged{Revision: "r2"})
		w.must(time.Second, "up by b", func(v View) bool { return v.Phase == connected && v.Candidate.AccessPoint.ID == "b" })
	})
}

func TestEndpointThatCannotBeTried(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}} {
		p := testProfile(names...)
		w := newWorld(t, p)
		for _, n := range names {
			w.dead[n] = true
		}
		w.send(Started{Session: p})
		w.send(ActivateFailed{Generation: w.m.View().Generation})
		w.run(300*time.Millisecond, nil)
		if n := w.count(0, func(e Effect) bool { _, ok := e.(Activate); return ok }); n != 2 {
			t.Fatalf("%d attempts with %d access points", n, len(names))
		}
	}
}

// The cause is dns_unavailable while the name cannot be resolved, and the access point only after it was tried.
func TestEndpointNameNotResolved(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}} {
		p := testProfile(names...)
		w := newWorld(t, p)
		for i, n := range names {
			w.dead[n] = true
			p.AccessPoints[i].Endpoints = []session.Endpoint{{Transport: session.UDP, Name: n + ".test", Port: 1000}}
		}
		why := failure.Of(failure.DNSUnavailable, msg.DNSLocalSilent("a.test"))
		w.send(Started{Session: p})
		blamesAccessPoint := func(v View) bool { return v.Cause.Code() == failure.AccessPointUnreachable }
		for range 3 * len(names) {
			if w.run(NameLimit, blamesAccessPoint) {
				t.Fatal("it did not wait for the lookup")
			}
			w.send(ActivateFailed{Generation: w.m.View().Generation, Failure: why})
			if w.run(failedPause+time.Millisecond, blamesAccessPoint) {
				t.Fatal("the cause is the access point")
			}
		}
		if v := w.m.View(); v.Phase != connecting || v.Cause.Code() != failure.DNSUnavailable {
			t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
		}
		for range names {
			w.send(Resolved{Generation: w.m.View().Generation})
			w.run(candidateLimit+time.Millisecond, nil)
		}
		if v := w.m.View(); v.Cause.Code() != failure.AccessPointUnreachable {
			t.Fatalf("resolved and silent: cause %v", v.Cause)
		}
	}
}

func TestCandidates(t *testing.T) {
	p := testProfile("a", "b", "c")
	p.AccessPoints[0].Ready = false
	p.AccessPoints[1].Endpoints = append(p.AccessPoints[1].Endpoints, session.Endpoint{Transport: session.UDP, Addr: netip.MustParseAddr("::1"), Port: 9})
	var got string
	for _, c := range candidates(p) {
		got += c.AccessPoint.ID
	}
	if got != "bcab" {
		t.Fatalf("order %s", got)
	}
}

// An endpoint that the engine cannot dial stays in the session and is skipped; if there is no other, the cause says so.
func TestUnsupportedTransportsAreSkipped(t *testing.T) {
	secure := session.Endpoint{Transport: session.TLS, Name: "ap.example", Port: 443}
	p := testProfile("a", "b")
	p.AccessPoints[0].Endpoints = []session.Endpoint{secure}
	p.AccessPoints[1].Endpoints = append([]session.Endpoint{secure}, p.AccessPoints[1].Endpoints...)
	w := newWorld(t, p).up(p)
	if c := w.m.View().Candidate; c.AccessPoint.ID != "b" || c.Endpoint.Transport != session.UDP {
		t.Fatalf("%s by %s", c.AccessPoint.ID, c.Endpoint.Transport)
	}
	none := testProfile("a")
	none.AccessPoints[0].Endpoints = []session.Endpoint{secure}
	w.send(Renewed{Session: none, RequestedAt: w.now})
	w.run(2*time.Second, nil)
	if v := w.m.View(); v.Phase != connected || v.Session != p {
		t.Fatalf("a renewed session that cannot be used: phase %v", v.Phase)
	}
	w = newWorld(t, none)
	w.send(Started{Session: none})
	if v := w.m.View(); v.Phase != failed || v.Cause.Code() != failure.NoAccessPoint || !strings.Contains(v.Cause.Text, "TLS") {
		t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
	}
}
