package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// refused is true if the kernel has no way for the intranet's packets but to refuse them.
func refused() bool {
	out, err := exec.Command("ip", "route", "get", tunneltest.Portal.String()).CombinedOutput()
	return err != nil && strings.Contains(string(out), "No route to host")
}

// wanted is true if a session is to be taken up again.
func (s *site) wanted() bool {
	found, _ := filepath.Glob(filepath.Join(s.run, "*", "session"))
	return len(found) > 0
}

func TestAKilledServiceGoesOn(t *testing.T) {
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
			t.Error("nothing says what is blocked")
		}
		s.start()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		state, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED)
		cancel()
		if err != nil || state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
			text := s.tail()
			t.Fatalf("not resumed: %v %v\n%s", err, state, text)
		}
		if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
			t.Fatalf("%v %q", err, text)
		}
	}
	// A session that is over meanwhile is not held on to.
	s.kill(syscall.SIGKILL)
	s.company.End(&typesv1.Failure{Cause: typesv1.Cause_CAUSE_KICKED})
	s.start()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if state, err := s.until(ctx, typesv1.Phase_PHASE_FAILED); err != nil || state.GetCause().GetCause() != typesv1.Cause_CAUSE_KICKED {
		t.Fatalf("%v %v", err, state)
	}
	s.untouched("after the end of the session")
}

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
		t.Error("the session is still wanted")
	}
	s.start()
	s.mustConnect()
	if said := s.repair(); !strings.Contains(said, "session was ended") {
		t.Errorf("beside a running service it says %q", said)
	}
	s.untouched("after repair beside a running service")
}

// Beside a service that knows nothing of it, too: whatever carries our mark and is nobody's any more.
func TestRepairBesideAServiceThatForgot(t *testing.T) {
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
	s.mustDisconnect()
	s.untouched("after disconnect")
}

// While no service was alive somebody else took the packets: the session is over, it is said why, and nothing is held.
func TestARivalThatCameMeanwhile(t *testing.T) {
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	state, err := s.until(ctx, typesv1.Phase_PHASE_FAILED)
	if err != nil || state.GetCause().GetCause() != typesv1.Cause_CAUSE_VPN_CONFLICT || state.GetBlocking() != typesv1.Blocking_BLOCKING_NONE {
		text := s.tail()
		t.Fatalf("%v %v\n%s", err, state, text)
	}
	nettest.Run(t, "ip", "rule", "del", "pref", "1")
	nettest.Run(t, "ip", "route", "flush", "table", "9")
	s.untouched("after the end of the session")
	if told := s.blocking(); !strings.Contains(told, `"holds":"none"`) {
		t.Errorf("told to everybody: %s", told)
	}
}

// blocking is what everybody can read.
func (s *site) blocking() string {
	text, _ := os.ReadFile(filepath.Join(s.run, "blocking"))
	return string(text)
}

// Killed at any moment of connecting and disconnecting, a successor takes the session up again or undoes everything.
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
		// The moment is what is tested, so this one wait is random on purpose.
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
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			if wanted {
				resumed++
				if state, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED); err != nil || state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
					text := s.tail()
					t.Fatalf("kill %d, not resumed: %v %v\n%s", kill, err, state, text)
				}
				if err := s.disconnect(ctx); err != nil {
					t.Fatal(err)
				}
			}
			cancel()
			s.untouched("after a restart")
			s.kill(syscall.SIGKILL)
		}
		s.repair()
		s.untouched("after repair")
	}
	t.Logf("%d kills, %d sessions resumed", kills, resumed)
}

// cutJournal leaves the journal's first part only, up to any byte.
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

// On a full disk nothing is begun and the reason is said; what stands is kept through a kill, and taken back.
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if state, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED); err != nil {
		t.Errorf("%v %v", err, state)
	}
	s.kill(syscall.SIGKILL)
	s.repair()
	s.untouched("after repair on a full disk")
}

// measured is what must not grow.
type measured struct{ descriptors, memory, routes, rules, journal int }

func (s *site) measure() measured {
	pid := s.service.Process.Pid
	descriptors, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		s.t.Fatal(err)
	}
	m := measured{descriptors: len(descriptors)}
	status, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			m.memory, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		}
	}
	m.routes = strings.Count(nettest.Run(s.t, "ip", "route", "show", "table", "all"), "\n")
	m.rules = strings.Count(nettest.Run(s.t, "ip", "rule"), "\n")
	if info, err := os.Stat(filepath.Join(s.state, "journal", "journal")); err == nil {
		m.journal = int(info.Size())
	}
	return m
}

func TestManyConnectionsLeaveNothing(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	cycles := 50
	if soak {
		cycles = 1000
	}
	var times []time.Duration
	var early measured
	for i := range cycles {
		start := time.Now()
		s.mustConnect()
		times = append(times, time.Since(start))
		s.mustDisconnect()
		if told := s.blocking(); !strings.Contains(told, `"holds":"none"`) {
			t.Fatalf("after disconnect everybody is told %s", told)
		}
		if i == cycles/5 {
			early = s.measure()
		}
	}
	late := s.measure()
	s.untouched("after all")
	slices.Sort(times)
	p50 := times[len(times)/2]
	t.Logf("%d cycles: p50 %v, p95 %v; %+v, at first %+v", cycles, p50, times[len(times)*95/100], late, early)
	if p50 > 200*time.Millisecond && !racing {
		t.Errorf("the median connect takes %v", p50)
	}
	if late.descriptors > early.descriptors+3 || late.routes != early.routes || late.rules != early.rules || late.journal != 0 {
		t.Errorf("grown: %+v, at first %+v", late, early)
	}
	const slack = 16 << 10 // kB: the collector's mood
	if late.memory > early.memory+slack && !racing {
		t.Errorf("memory has grown from %d kB to %d kB", early.memory, late.memory)
	}
}
