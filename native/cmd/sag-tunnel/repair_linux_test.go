package main

import (
	"strings"
	"syscall"
	"testing"

	"sag.software/native/internal/hostnet/nettest"
)

func TestRepairNeedsNoService(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	s.kill(syscall.SIGKILL)
	if said := s.repair(); !strings.Contains(said, "rule 5200 (IPv4) not fwmark") || !strings.Contains(said, "unreachable 10.80.0.0/16") {
		t.Errorf("it says %q", said)
	}
	s.untouched("after repair")
	if said := s.repair(); !strings.Contains(said, "nothing to undo") {
		t.Errorf("the second time it says %q", said)
	}
	if s.wanted() {
		t.Error("the session is still saved")
	}
	s.start()
	s.mustConnect()
	if said := s.repair(); !strings.Contains(said, "session was ended") {
		t.Errorf("beside a running service it says %q", said)
	}
	s.untouched("after repair beside a running service")
}

// While a service runs that has not made them, repair also removes changes that carry our mark.
func TestRepairRemovesUnownedChanges(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	for _, line := range []string{
		"route add unreachable 10.80.0.0/16 table 21319 proto 207", "rule add pref 5200 not fwmark 0x53470000 lookup 21319 proto 207",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	if said := s.repair(); !strings.Contains(said, "rule 5200") || !strings.Contains(said, "unreachable 10.80.0.0/16") {
		t.Errorf("it says %q", said)
	}
	s.untouched("after repair")
	s.mustConnect()
	s.mustLeave()
}
