package fsm

import (
	"testing"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

func TestCloudUnreachable(t *testing.T) {
	p := testProfile("a")
	p.Lease, p.RenewAfter = time.Hour, 30*time.Minute
	w := newWorld(t, p).up(p)
	w.run(2*time.Second, nil)
	w.cloudUp = false
	w.send(StreamBroken{Failure: failure.Of(failure.InstanceUnreachable, msg.Foreign("reset"))})
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

func TestShortInterruptionShowsNoWarning(t *testing.T) {
	p := testProfile("a")
	w := newWorld(t, p).up(p)
	w.run(2*time.Second, nil)
	w.send(StreamBroken{})
	if w.run(2*time.Second, warned) {
		t.Fatal("warned though the first retry succeeded")
	}
}

func TestSilentStreamIsReopened(t *testing.T) {
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
	for _, cause := range []failure.Cause{
		failure.Kicked, failure.Replaced, failure.AccountDisabled, failure.InstanceLocked,
	} {
		for how, event := range map[string]Event{
			"event":   SessionEnded{Failure: failure.Of(cause, msg.Foreign("because"))},
			"stream":  StreamBroken{Failure: failure.Of(cause, msg.Foreign("because"))},
			"renewal": RenewFailed{Failure: failure.Of(cause, msg.Foreign("because"))},
		} {
			if cause == failure.Unknown {
				continue
			}
			t.Run(cause.String()+" by "+how, func(t *testing.T) {
				p := testProfile("a")
				w := newWorld(t, p).up(p)
				w.send(event)
				v := w.m.View()
				if v.Phase != failed || v.Cause.Code() != cause || v.Cause.Text != "because" {
					t.Fatalf("phase %v cause %v", v.Phase, v.Cause)
				}
				if w.active != nil || w.count(0, func(e Effect) bool { _, ok := e.(Forget); return ok }) != 1 {
					t.Error("effects of the session are left")
				}
			})
		}
	}
}
