package service

import (
	"testing"

	"sag.software/native/internal/tunnel"
)

// closed reports whether a channel is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Waiting callers are woken by every change of the set, and by the end of the service.
func TestTunnelsReportChanges(t *testing.T) {
	all := newTunnels()
	first, second := &owned{intranet: "bbbb"}, &owned{intranet: "aaaa"}
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"add", func() { all.add(first) }, 1},
		{"add another", func() { all.add(second) }, 2},
		{"remove", func() { all.remove(first) }, 1},
	} {
		waiting := all.changes()
		step.do()
		if !closed(waiting) || len(all.all()) != step.want {
			t.Errorf("%s: woken %t, %d tunnels", step.name, closed(waiting), len(all.all()))
		}
	}
	if all.all()[0] != second || all.remove(first) || all.remove(&owned{intranet: "aaaa"}) {
		t.Error("a tunnel that is not in the set was removed")
	}
	waiting := all.changes()
	all.close()
	if closed(waiting) {
		t.Error("the service is over while it has a tunnel")
	}
	all.remove(second)
	if !closed(waiting) || !closed(all.changes()) {
		t.Error("the end of the service does not close the channel")
	}
}

func TestMergedChangesAreOneSequence(t *testing.T) {
	a, b, left := make(chan tunnel.Snapshot), make(chan tunnel.Snapshot), 0
	changes, leave := merge(7, []watched{{a, func() { left++ }}, {b, func() { left++ }}})
	for i, from := range []chan tunnel.Snapshot{a, b, a} {
		state := &tunnel.State{}
		from <- tunnel.Snapshot{Revision: 1, State: state}
		if got := <-changes; got.State != state || got.Revision != uint64(8+i) {
			t.Errorf("revision %d", got.Revision)
		}
	}
	leave()
	leave()
	if left != 2 {
		t.Errorf("%d of 2 watches were ended", left)
	}
}
