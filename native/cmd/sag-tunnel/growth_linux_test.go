package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
)

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

// measureSettled measures once the service has returned idle memory to the system, which it does two seconds after the last
// tunnel ended (internal/tunnel/memory.go). While tunnels come and go, the resident size is whatever the last collection left.
func (s *site) measureSettled() measured {
	const settled = 40 << 10 // kB
	m := s.measure()
	for end := time.Now().Add(15 * time.Second); m.memory > settled && time.Now().Before(end); m = s.measure() {
		time.Sleep(100 * time.Millisecond)
	}
	return m
}

func TestManyConnectionsLeakNothing(t *testing.T) {
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
		if file := s.blocking(); !strings.Contains(file, `"holds":"none"`) {
			t.Fatalf("after disconnect the blocking file is %s", file)
		}
		if i == cycles/5 {
			early = s.measureSettled()
		}
	}
	late := s.measureSettled()
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
	const slack = 8 << 10 // kB
	if late.memory > early.memory+slack && !racing {
		t.Errorf("memory has grown from %d kB to %d kB", early.memory, late.memory)
	}
}
