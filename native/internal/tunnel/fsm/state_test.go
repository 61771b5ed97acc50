package fsm

import "testing"

func TestStop(t *testing.T) {
	for _, cloudUp := range []bool{true, false} {
		p := testProfile("a")
		w := newWorld(t, p).up(p)
		w.cloudUp = cloudUp
		w.send(Stopped{})
		if w.active != nil {
			t.Error("the peer was not removed")
		}
		took := w.must(hangUpLimit+1, "disconnected", is(disconnected))
		if cloudUp && took > w.rtt {
			t.Errorf("took %v", took)
		}
		if w.m.View().Cause != nil || w.m.Deadline() != 0 {
			t.Error("the state is not empty")
		}
	}
}
