package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/service/trust"
	"sag.software/native/internal/tunnel/tunneltest"
)

// untrust removes the company from the list of trusted intranets, as an administrator does.
func (s *site) untrust() {
	s.t.Helper()
	if removed, err := (trust.Store{Dir: s.state}).Remove(s.company.Cloud().GetUrl(), tunneltest.Code); !removed || err != nil {
		s.t.Fatal(removed, err)
	}
}

// An ordinary user's session is resumed like any other, as long as its intranet is trusted.
func TestTrustIsCheckedAgain(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.trust(s.company)
	s.start()
	s.connectAs(victim)
	s.kill(syscall.SIGKILL)
	s.start()
	s.mustResume()
	if said := s.as(victim, "GetStates", `{}`); !strings.Contains(said, "10.90.0.2") {
		t.Errorf("the session is not its owner's: %s", said)
	}

	// While connected, the next renewal ends the session, and the host's settings are restored.
	s.untrust()
	s.company.SetDomains("other.test")
	state := s.become(typesv1.Phase_PHASE_FAILED)
	if state.GetCause().GetCause() != typesv1.Cause_CAUSE_NOT_PERMITTED || !strings.Contains(state.GetCause().GetText(), "has trusted") {
		t.Errorf("%v", state.GetCause())
	}
	s.untouched("after trust was withdrawn")

	// After a crash it is not resumed.
	s.trust(s.company)
	s.connectAs(victim)
	s.kill(syscall.SIGKILL)
	s.untrust()
	s.start()
	if state := s.become(typesv1.Phase_PHASE_FAILED, typesv1.Phase_PHASE_CONNECTED); state.GetCause().GetCause() != typesv1.Cause_CAUSE_NOT_PERMITTED {
		t.Errorf("%v", state)
	}
	s.untouched("after a crash and withdrawn trust")
	if said := s.startChanged(victim, s.company.Cloud(), s.company, nil); !strings.Contains(said, "has trusted the intranet "+tunneltest.Code) {
		t.Errorf("%s", said)
	}
	// An administrator does not need an entry in the list.
	s.mustConnect()
	s.mustLeave()
}

// A cloud instance changes to the key that it has announced: no administrator has to trust it again.
func TestAnnouncedKeysOfTrustedCloudAreStored(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.trust(s.company)
	s.start()
	now, next := [32]byte(s.company.Cloud().GetSpkiPins()[0]), [32]byte{7}
	s.company.Announce(now[:], next[:])
	s.connectAs(victim)
	s.stopAs(victim)
	all, err := trust.Store{Dir: s.state}.List()
	if err != nil || len(all) != 1 || len(all[0].Pins) != 2 || all[0].Pins[0] != now || all[0].Pins[1] != next {
		t.Errorf("%v %v", all, err)
	}
	// A server with another key is not used, whatever the caller claims.
	if err := (trust.Store{Dir: s.state}).Learn(all[0].URL, [][32]byte{{9}}); err != nil {
		t.Fatal(err)
	}
	if said := s.startChanged(victim, s.company.Cloud(), s.company, nil); !strings.Contains(said, "not the one that was pinned") {
		t.Errorf("%s", said)
	}
	s.untouched("after a refused session")
}

// A trusted cloud instance does not answer: the caller gets an error soon, and the service keeps running.
func TestTrustedCloudDoesNotAnswer(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.trust(s.company)
	s.start()
	attempt, public := s.prepareAs(victim)
	session := s.company.Dial(public)
	s.company.Silence()
	start, answered := time.Now(), make(chan string, 1)
	go func() {
		out, _ := s.curl(victim, "Start", s.startBody(attempt, s.company.Cloud(), session), "-sS", "--max-time", "10").CombinedOutput()
		answered <- string(out)
	}()
	if said := s.othersAreServed(); said != "served" {
		t.Error(said)
	}
	if said := <-answered; !strings.Contains(said, "cannot be reached") || time.Since(start) > 6*time.Second {
		t.Errorf("after %v: %s", time.Since(start), said)
	}
	s.untouched("after an unanswered confirmation")
}
