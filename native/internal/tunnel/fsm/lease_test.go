package fsm

import (
	"testing"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

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
		if w.now-start != p.Lease || w.m.View().Cause.Code() != failure.SessionExpired {
			t.Fatalf("after %v: %v", w.now-start, w.m.View().Cause)
		}
		if w.active != nil {
			t.Error("a peer is left")
		}
		if w.m.Deadline() != 0 {
			t.Error("there is still a deadline")
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
			t.Fatal("requested another key although it has one")
		}
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t, testProfile("a"))
		w.send(Resumed{LeaseEnd: w.now + 10*time.Second})
		w.send(RenewFailed{Failure: failure.Of(failure.SessionExpired, msg.Foreign("over"))})
		if w.m.View().Phase != failed {
			t.Fatal("not failed")
		}
	})
	t.Run("without the cloud, until the lease ends", func(t *testing.T) {
		w := newWorld(t, testProfile("a"))
		w.cloudUp = false
		w.send(Resumed{LeaseEnd: w.now + 10*time.Second})
		w.must(time.Second, "a cause", causeIs(failure.InstanceUnreachable))
		w.must(10*time.Second, "failed", is(failed))
	})
}
