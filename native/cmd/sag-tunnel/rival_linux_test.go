package main

import (
	"strings"
	"syscall"
	"testing"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

// A rule with higher priority than ours diverts the intranet's packets: the program is reported by name, until the rule is
// gone.
func TestConflictingProgramIsNamed(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	for _, line := range []string{
		"link add rival type veth peer name rival2", "link set rival up", "link set rival2 up",
		"route add 10.80.0.0/16 dev rival table 9", "rule add pref 1 lookup 9",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	state := s.become(typesv1.Phase_PHASE_RECONNECTING)
	if state.GetCause().GetCause() != typesv1.Cause_CAUSE_VPN_CONFLICT || !strings.Contains(state.GetCause().GetText(), "rival") {
		t.Fatalf("%v", state)
	}
	if state.GetBlocking() != typesv1.Blocking_BLOCKING_INTRANET {
		t.Error("does not say that what somebody else would carry is held back")
	}
	nettest.Run(t, "ip", "rule", "del", "pref", "1")
	nettest.Run(t, "ip", "link", "del", "rival")
	s.become(typesv1.Phase_PHASE_CONNECTED)
	s.mustLeave()
}

// Another program took the packets while no service was running: the session ends with that cause, and nothing stays
// blocked.
func TestConflictWhileServiceIsDead(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	s.kill(syscall.SIGKILL)
	rival := "route add 10.80.0.0/16 dev net0 table 9"
	nettest.Run(t, "ip", strings.Fields(rival)...)
	nettest.Run(t, "ip", "rule", "add", "pref", "1", "lookup", "9")
	s.start()
	state := s.become(typesv1.Phase_PHASE_FAILED)
	if state.GetCause().GetCause() != typesv1.Cause_CAUSE_VPN_CONFLICT || state.GetBlocking() != typesv1.Blocking_BLOCKING_NONE {
		text := s.tail()
		t.Fatalf("%v\n%s", state, text)
	}
	nettest.Run(t, "ip", "rule", "del", "pref", "1")
	nettest.Run(t, "ip", "route", "flush", "table", "9")
	s.untouched("after the end of the session")
	if file := s.blocking(); !strings.Contains(file, `"holds":"none"`) {
		t.Errorf("the blocking file: %s", file)
	}
}
