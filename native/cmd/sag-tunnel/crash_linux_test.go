package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestKilledServiceResumes(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	for range 3 {
		s.kill(syscall.SIGKILL)
		if !refused() {
			t.Fatalf("without a service the intranet is reached by %s", nettest.Run(t, "ip", "route", "get", tunneltest.Portal.String()))
		}
		if blocking, _ := os.ReadFile(filepath.Join(s.run, "blocking")); len(blocking) == 0 {
			t.Error("the blocking file is missing")
		}
		s.start()
		s.mustResume()
		if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
			t.Fatalf("%v %q", err, text)
		}
	}
	// A session that ended in the meantime is not resumed.
	s.kill(syscall.SIGKILL)
	s.company.End(&failure.Failure{Cause: failure.Kicked})
	s.start()
	if state := s.become(typesv1.Phase_PHASE_FAILED); state.GetCause().GetCause() != typesv1.Cause_CAUSE_KICKED {
		t.Fatalf("%v", state)
	}
	s.untouched("after the end of the session")
}

// After a kill at any moment of connecting or disconnecting, the next service resumes the session or undoes everything.
func TestAServiceKilledAtRandomMoments(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	kills := 20
	if soak {
		kills = 200
	}
	resumed := 0
	for kill := range kills {
		s.start()
		ctx, cancel := context.WithCancel(context.Background())
		churned := make(chan struct{})
		go func() {
			defer close(churned)
			for ctx.Err() == nil {
				if _, err := s.connect(ctx); err != nil {
					return
				}
				if s.disconnect(ctx) != nil {
					return
				}
			}
		}()
		// The moment of the kill is what is tested, so this wait is random.
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		s.kill(syscall.SIGKILL)
		cancel()
		<-churned
		if kill%4 > 1 {
			s.cutJournal()
		}
		if kill%2 == 0 {
			wanted := s.wanted()
			s.start()
			if wanted {
				resumed++
				s.mustResume()
				s.mustDisconnect()
			}
			s.untouched("after a restart")
			s.kill(syscall.SIGKILL)
		}
		s.repair()
		s.untouched("after repair")
	}
	t.Logf("%d kills, %d sessions resumed", kills, resumed)
}

// cutJournal truncates the journal at a random byte.
func (s *site) cutJournal() {
	s.t.Helper()
	path := filepath.Join(s.state, "journal", "journal")
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, rand.Int64N(info.Size()+1))
	}
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
}

// On a full disk nothing is started and the cause is reported; a running session survives a kill and can be ended.
func TestAFullDisk(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	for _, dir := range []string{s.state, s.run} {
		nettest.Run(t, "mkdir", "-p", "-m", "0755", dir)
		nettest.Run(t, "mount", "-t", "tmpfs", "-o", "size=128k,mode=0755", "sag-test", dir)
		t.Cleanup(func() { nettest.Run(t, "umount", "-l", dir) })
	}
	fill := func(dir string) string {
		path := filepath.Join(dir, "full")
		if os.WriteFile(path, make([]byte, 1<<20), 0o600) == nil {
			t.Fatal("the disk did not become full")
		}
		return path
	}
	s.start()
	for _, dir := range []string{s.run, s.state} {
		full := fill(dir)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		state, err := s.connect(ctx)
		cancel()
		if err == nil && state.GetPhase() == typesv1.Phase_PHASE_CONNECTED {
			t.Logf("with %s full it connects all the same", filepath.Base(dir))
			s.mustDisconnect()
		} else if c := max(cause(err), state.GetCause().GetCause()); c != typesv1.Cause_CAUSE_STORAGE_FULL {
			t.Errorf("%s: %v %v", filepath.Base(dir), err, state)
		}
		s.untouched("with " + filepath.Base(dir) + " full")
		_ = os.Remove(full)
	}
	s.mustConnect()
	fill(s.state)
	fill(s.run)
	s.kill(syscall.SIGKILL)
	s.start()
	s.become(typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED)
	s.kill(syscall.SIGKILL)
	s.repair()
	s.untouched("after repair on a full disk")
}
