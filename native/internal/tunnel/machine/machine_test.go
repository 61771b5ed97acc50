package machine

import (
	"net/netip"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/profile"
)

const (
	connecting   = typesv1.Phase_PHASE_CONNECTING
	connected    = typesv1.Phase_PHASE_CONNECTED
	reconnecting = typesv1.Phase_PHASE_RECONNECTING
	failed       = typesv1.Phase_PHASE_FAILED
	disconnected = typesv1.Phase_PHASE_DISCONNECTED
)

func testProfile(accessPoints ...string) *profile.Profile {
	p := &profile.Profile{
		SessionID: [16]byte{1}, Address6: netip.MustParseAddr("fd00::2"), MTU: 1280,
		Lease: 20 * time.Second, RenewAfter: 10 * time.Second, Incarnation: 1, Revision: "r1",
	}
	for i, id := range accessPoints {
		p.AccessPoints = append(p.AccessPoints, profile.AccessPoint{
			ID: id, PublicKey: [32]byte{byte(i + 1)}, Ready: true, ProbeAddress: netip.MustParseAddr("fd00::ffff"),
			Endpoints: []profile.Endpoint{{Host: "127.0.0.1", Port: uint16(1000 + i)}},
		})
	}
	return p
}

// world is the machine's surroundings: access points that answer or not, a cloud that does or not.
type world struct {
	t       failer
	m       *Machine
	now     Instant
	rtt     time.Duration
	dead    map[string]bool
	cloudUp bool
	// renewal is what the cloud answers.
	renewal *profile.Profile
	active  *Candidate
	pending []timed
	log     []logged
	traffic Traffic
}

// failer is what rapid's T and testing's T have in common.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

type timed struct {
	at    Instant
	event Event
}

type logged struct {
	at     Instant
	effect Effect
}

func newWorld(t failer, p *profile.Profile) *world {
	n := uint64(0)
	w := &world{t: t, m: New(func() uint64 { n++; return n }), now: time.Hour, rtt: 10 * time.Millisecond, dead: map[string]bool{}, cloudUp: true, renewal: p}
	return w
}

func (w *world) send(e Event) {
	w.effects(w.m.Step(w.now, e))
}

func (w *world) later(d time.Duration, e Event) { w.pending = append(w.pending, timed{w.now + d, e}) }

func (w *world) effects(list []Effect) {
	for _, e := range list {
		w.log = append(w.log, logged{w.now, e})
		switch e := e.(type) {
		case Activate:
			c := e.Candidate
			w.active = &c
		case Deactivate:
			w.active = nil
		case SendProbe:
			if w.active != nil && !w.dead[w.active.AccessPoint.ID] {
				w.later(w.rtt, ProbeReplied(e))
			}
		case Renew:
			if w.cloudUp {
				w.later(w.rtt, Renewed{Profile: w.renewal, AskedAt: w.now})
			} else {
				w.later(w.rtt, RenewFailed{Failure: failure.Of(typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, "refused")})
			}
		case OpenStream:
			if w.cloudUp {
				w.later(w.rtt, StreamOpened{Revision: w.renewal.Revision})
			} else {
				w.later(w.rtt, StreamBroken{Failure: failure.Of(typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, "refused")})
			}
		case HangUp:
			if w.cloudUp {
				w.later(w.rtt, HungUp{})
			}
		}
	}
}

// run lets time pass up to a limit or until a condition holds; it says whether it does.
func (w *world) run(limit time.Duration, until func(View) bool) bool {
	end := w.now + limit
	for steps := 0; ; steps++ {
		if steps > 100000 {
			w.t.Fatal("the machine spins")
		}
		if until != nil && until(w.m.View()) {
			return true
		}
		next, event, index := end, Event(nil), -1
		for i, p := range w.pending {
			if p.at < next {
				next, event, index = p.at, p.event, i
			}
		}
		if d := w.m.Deadline(); d != 0 && d < next {
			next, event, index = max(d, w.now), Tick{}, -1
		}
		w.now = next
		if event == nil {
			return until != nil && until(w.m.View())
		}
		if index >= 0 {
			w.pending = append(w.pending[:index], w.pending[index+1:]...)
		}
		if w.traffic != (Traffic{}) {
			w.effects(w.m.Step(w.now, w.traffic))
		}
		w.effects(w.m.Step(w.now, event))
	}
}

func is(phase typesv1.Phase) func(View) bool { return func(v View) bool { return v.Phase == phase } }

func (w *world) must(limit time.Duration, what string, until func(View) bool) time.Duration {
	w.t.Helper()
	from := w.now
	if !w.run(limit, until) {
		w.t.Fatalf("not within %v: %s; phase %v cause %v", limit, what, w.m.View().Phase, w.m.View().Cause)
	}
	return w.now - from
}

func (w *world) up(p *profile.Profile) *world {
	w.t.Helper()
	w.send(Started{Profile: p})
	w.must(time.Second, "connected", is(connected))
	return w
}

func (w *world) count(from Instant, want func(Effect) bool) int {
	n := 0
	for _, l := range w.log {
		if l.at >= from && want(l.effect) {
			n++
		}
	}
	return n
}

func isProbe(e Effect) bool     { _, ok := e.(SendProbe); return ok }
func isHandshake(e Effect) bool { _, ok := e.(ForceHandshake); return ok }
func isRenew(e Effect) bool     { _, ok := e.(Renew); return ok }

func causeIs(c typesv1.Cause) func(View) bool {
	return func(v View) bool { return v.Cause.GetCause() == c }
}

func warned(v View) bool {
	for _, w := range v.Warnings {
		if w.GetCode() == typesv1.WarningCode_WARNING_CODE_INSTANCE_UNREACHABLE {
			return true
		}
	}
	return false
}

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

func TestTheOnlyAccessPointDies(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*world)
		limit   time.Duration
	}{
		{"watched", func(w *world) { w.send(Attention{Watching: true}) }, 3 * time.Second},
		{"asked", func(w *world) { w.later(0, Asked{ID: 1}) }, time.Second},
		{"traffic goes unanswered", func(w *world) { w.later(0, Traffic{Out: w.now + 1}) }, 3 * time.Second},
		{"nobody looks", func(*world) {}, 28 * time.Second},
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
				return v.Phase == reconnecting && v.Cause.GetCause() == typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE
			})
			w.dead["a"] = false
			w.must(3*time.Second, "connected again", is(connected))
			if w.m.View().Generation != generation {
				t.Error("the generation grew without another access point")
			}
		})
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

// A download whose access point dies is noticed as fast as an upload: its last packet came in, and none goes out any more.
func TestADownloadThatStops(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p).up(p)
	w.run(5*time.Second, nil)
	w.dead["a"] = true
	w.later(0, Traffic{In: w.now + 2, Out: w.now + 1})
	w.must(5*time.Second, "up by b", func(v View) bool { return v.Phase == connected && v.Candidate.AccessPoint.ID == "b" })
	from := w.now
	w.run(20*time.Second, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(SendProbe); return ok }); n > 2 {
		t.Errorf("%d probes in 20 s of silence", n)
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

func TestOneLostProbeIsNoDeath(t *testing.T) {
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

func TestASlowLinkStaysUp(t *testing.T) {
	p := testProfile("a", "b")
	w := newWorld(t, p)
	w.rtt = 600 * time.Millisecond
	w.send(Started{Profile: p})
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

func TestProbesAreRareWhileIdle(t *testing.T) {
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

func TestLease(t *testing.T) {
	t.Run("renewed at half", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.run(61*time.Second, nil)
		v := w.m.View()
		if v.Phase != connected || v.Renewals != 6 {
			t.Fatalf("phase %v after %d renewals", v.Phase, v.Renewals)
		}
	})
	t.Run("ends without the cloud", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p)
		start := w.now
		w.up(p)
		w.cloudUp = false
		w.must(21*time.Second, "failed", is(failed))
		if w.now-start != p.Lease || w.m.View().Cause.GetCause() != typesv1.Cause_CAUSE_SESSION_EXPIRED {
			t.Fatalf("after %v: %v", w.now-start, w.m.View().Cause)
		}
		if w.active != nil {
			t.Error("a peer is left")
		}
		if w.m.Deadline() != 0 {
			t.Error("wants to do something still")
		}
	})
	t.Run("retried until the cloud is back", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.run(2*time.Second, nil)
		w.cloudUp = false
		w.send(StreamBroken{})
		w.run(15*time.Second, nil)
		w.cloudUp = true
		w.must(3*time.Second, "renewed", func(v View) bool { return v.Renewals == 1 && !warned(v) })
	})
	t.Run("runs through sleep", func(t *testing.T) {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.now += time.Hour
		w.send(Tick{})
		if w.m.View().Phase != failed {
			t.Fatal("still up after its lease")
		}
	})
}

func TestCloudAway(t *testing.T) {
	p := testProfile("a")
	p.Lease, p.RenewAfter = time.Hour, 30*time.Minute
	w := newWorld(t, p).up(p)
	w.run(2*time.Second, nil)
	w.cloudUp = false
	w.send(StreamBroken{Failure: failure.Of(typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, "reset")})
	if took := w.must(time.Second, "warning", warned); took < 150*time.Millisecond {
		t.Errorf("warned after %v, before any retry", took)
	}
	if w.m.View().Phase != connected {
		t.Fatal("no longer connected")
	}
	w.run(2*time.Minute, nil)
	w.cloudUp = true
	w.must(3*time.Second, "no warning", func(v View) bool { return !warned(v) })
}

func TestAnInterruptionIsNoWarning(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p).up(p)
	w.run(2*time.Second, nil)
	w.send(StreamBroken{})
	if w.run(2*time.Second, warned) {
		t.Fatal("warned though the first retry succeeded")
	}
}

func TestASilentCloudIsLeft(t *testing.T) {
	p := testProfile("a")
	p.Lease, p.RenewAfter = time.Hour, 30*time.Minute
	w := newWorld(t, p).up(p)
	w.run(2*time.Second, nil)
	from := w.now
	w.run(50*time.Second, nil)
	if n := w.count(from, func(e Effect) bool { _, ok := e.(OpenStream); return ok }); n != 1 {
		t.Fatalf("the stream was opened %d times", n)
	}
}

func TestEnded(t *testing.T) {
	for _, cause := range []typesv1.Cause{
		typesv1.Cause_CAUSE_KICKED, typesv1.Cause_CAUSE_REPLACED, typesv1.Cause_CAUSE_ACCOUNT_DISABLED, typesv1.Cause_CAUSE_INSTANCE_LOCKED,
	} {
		for how, event := range map[string]Event{
			"event":   SessionEnded{Failure: failure.Of(cause, "because")},
			"stream":  StreamBroken{Failure: failure.Of(cause, "because")},
			"renewal": RenewFailed{Failure: failure.Of(cause, "because")},
		} {
			if cause == typesv1.Cause_CAUSE_UNKNOWN {
				continue
			}
			t.Run(cause.String()+" by "+how, func(t *testing.T) {
				p := testProfile("a")
				w := newWorld(t, p).up(p)
				w.send(event)
				v := w.m.View()
				if v.Phase != failed || v.Cause.GetCause() != cause || v.Cause.GetText() != "because" {
					t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
				}
				if w.active != nil || w.count(0, func(e Effect) bool { _, ok := e.(Forget); return ok }) != 1 {
					t.Error("something is left of it")
				}
			})
		}
	}
}

func TestStop(t *testing.T) {
	for _, cloudUp := range []bool{true, false} {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.cloudUp = cloudUp
		w.send(Stopped{})
		if w.active != nil {
			t.Error("the peer outlives the wish")
		}
		took := w.must(hangUpLimit+1, "disconnected", is(disconnected))
		if cloudUp && took > w.rtt {
			t.Errorf("took %v", took)
		}
		if w.m.View().Cause != nil || w.m.Deadline() != 0 {
			t.Error("something is left")
		}
	}
}

func TestResume(t *testing.T) {
	t.Run("by a renewal with a new key", func(t *testing.T) {
		p := testProfile("a")
		p.Incarnation = 2
		w := newWorld(t, p)
		w.send(Resumed{LeaseEnd: w.now + 10*time.Second})
		if n := w.count(0, func(e Effect) bool { r, ok := e.(Renew); return ok && r.NewKey }); n != 1 {
			t.Fatalf("%d renewals with a new key", n)
		}
		w.must(time.Second, "connected", is(connected))
		if g := w.m.View().Generation; g>>32 != 2 {
			t.Fatalf("generation %x", g)
		}
		w.run(11*time.Second, nil)
		if n := w.count(0, func(e Effect) bool { r, ok := e.(Renew); return ok && r.NewKey }); n != 1 {
			t.Fatal("another new key though it has one")
		}
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t, testProfile("a"))
		w.send(Resumed{LeaseEnd: w.now + 10*time.Second})
		w.send(RenewFailed{Failure: failure.Of(typesv1.Cause_CAUSE_SESSION_EXPIRED, "over")})
		if w.m.View().Phase != failed {
			t.Fatal("not failed")
		}
	})
	t.Run("without the cloud, until the lease ends", func(t *testing.T) {
		w := newWorld(t, testProfile("a"))
		w.cloudUp = false
		w.send(Resumed{LeaseEnd: w.now + 10*time.Second})
		w.must(time.Second, "a cause", causeIs(typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE))
		w.must(10*time.Second, "failed", is(failed))
	})
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

func TestQuestionsAreAlwaysAnswered(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p)
	answers := func() int {
		return w.count(0, func(e Effect) bool { _, ok := e.(Answer); return ok })
	}
	w.send(Asked{ID: 1})
	if answers() != 1 {
		t.Fatal("not answered while there is nothing")
	}
	w.up(p)
	w.send(Asked{ID: 2})
	w.run(w.rtt+1, nil)
	if answers() != 2 {
		t.Fatal("not answered when alive")
	}
	w.send(Asked{ID: 3})
	w.send(Stopped{})
	if answers() != 3 {
		t.Fatal("not answered at the end")
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
