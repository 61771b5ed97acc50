package fsm

import (
	"net/netip"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
)

const (
	connecting   = Connecting
	connected    = Connected
	reconnecting = Reconnecting
	failed       = Failed
	disconnected = Disconnected
)

func testProfile(accessPoints ...string) *session.Session {
	p := &session.Session{
		ID: session.ID{1}, Address6: netip.MustParseAddr("fd00::2"), MTU: 1280,
		Lease: 20 * time.Second, RenewAfter: 10 * time.Second, Incarnation: 1, Revision: "r1",
	}
	for i, id := range accessPoints {
		p.AccessPoints = append(p.AccessPoints, session.AccessPoint{
			ID: id, PublicKey: [32]byte{byte(i + 1)}, Ready: true, ProbeAddress: netip.MustParseAddr("fd00::ffff"),
			Endpoints: []session.Endpoint{{Transport: session.UDP, Addr: netip.MustParseAddr("127.0.0.1"), Port: uint16(1000 + i)}},
		})
	}
	return p
}

// world simulates the state machine's surroundings: access points and a cloud that answer or do not.
type world struct {
	t    failer
	m    *State
	now  Instant
	rtt  time.Duration
	dead map[string]bool
	// keysUnknown means that no access point has the session's keys until new ones (fresh) are in use.
	keysUnknown bool
	fresh       bool
	cloudUp     bool
	// renewal is the session that the cloud returns.
	renewal *session.Session
	active  *Candidate
	pending []timed
	log     []logged
	traffic Traffic
	// watch gets each effect as it comes.
	watch func(Effect)
}

// failer is the common part of rapid's T and testing's T.
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

func newWorld(t failer, p *session.Session) *world {
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
		if w.watch != nil {
			w.watch(e)
		}
		switch e := e.(type) {
		case Activate:
			c := e.Candidate
			w.active = &c
			w.takeKeys()
		case Deactivate:
			w.active = nil
		case Apply:
			w.takeKeys()
		case SendProbe:
			if w.active != nil && !w.keysUnknown && !w.dead[w.active.AccessPoint.ID] {
				w.later(w.rtt, ProbeReplied(e))
			}
		case Renew:
			if w.cloudUp {
				if e.NewKey {
					w.fresh = true
				}
				w.later(w.rtt, Renewed{Session: w.renewal, RequestedAt: w.now})
			} else {
				w.later(w.rtt, RenewFailed{Failure: failure.Of(failure.InstanceUnreachable, msg.Foreign("refused"))})
			}
		case OpenStream:
			if w.cloudUp {
				w.later(w.rtt, StreamOpened{Revision: w.renewal.Revision})
			} else {
				w.later(w.rtt, StreamBroken{Failure: failure.Of(failure.InstanceUnreachable, msg.Foreign("refused"))})
			}
		case HangUp:
			if w.cloudUp {
				w.later(w.rtt, HungUp{})
			}
		}
	}
}

func (w *world) takeKeys() {
	if w.fresh {
		w.fresh, w.keysUnknown = false, false
	}
}

// run advances time up to a limit or until a condition holds, and returns whether it does.
func (w *world) run(limit time.Duration, until func(View) bool) bool {
	end := w.now + limit
	for steps := 0; ; steps++ {
		if steps > 100000 {
			w.t.Fatal("the state machine does not advance")
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

func is(phase Phase) func(View) bool { return func(v View) bool { return v.Phase == phase } }

func (w *world) must(limit time.Duration, what string, until func(View) bool) time.Duration {
	w.t.Helper()
	from := w.now
	if !w.run(limit, until) {
		w.t.Fatalf("not within %v: %s; phase %v cause %v", limit, what, w.m.View().Phase, w.m.View().Cause)
	}
	return w.now - from
}

func (w *world) up(p *session.Session) *world {
	w.t.Helper()
	w.send(Started{Session: p})
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

func isProbe(e Effect) bool { _, ok := e.(SendProbe); return ok }

func isRekey(e Effect) bool { r, ok := e.(Renew); return ok && r.NewKey }

func isHandshake(e Effect) bool { _, ok := e.(ForceHandshake); return ok }

func causeIs(c failure.Cause) func(View) bool {
	return func(v View) bool { return v.Cause.Code() == c }
}

func warned(v View) bool {
	for _, w := range v.Warnings {
		if w.Code == session.WarnInstanceUnreachable {
			return true
		}
	}
	return false
}
