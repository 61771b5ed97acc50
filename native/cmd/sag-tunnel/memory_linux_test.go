//go:build linux && !race

// The race detector distorts memory usage, so these tests have a stage of their own.

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestMemory(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := run(t, runtimeDir(t))
	s := p.start(company)
	if err := fetch(s); err != nil {
		t.Fatal(err)
	}
	_, _ = p.GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{Probe: true}))
	pid := p.command.Process.Pid
	settled := func(what string) {
		t.Helper()
		const limit = 25_000_000 >> 10
		pss := 0
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if pss = proportionalSetSize(t, pid); pss <= limit {
				t.Logf("%s: %d KiB", what, pss)
				return
			}
		}
		t.Errorf("%s: %d KiB, 25 MB is the limit", what, pss)
	}
	settled("idle")
	var downloads sync.WaitGroup
	for range 4 {
		downloads.Go(func() {
			out, err := exec.Command("curl", "-sS", "--max-time", "30", "-o", "/dev/null", "-w", "%{size_download}", "--socks5-hostname", s.GetProxy().GetSocks(),
				"http://portal."+tunneltest.Domain+"/large").CombinedOutput()
			if err != nil || string(out) != strconv.Itoa(tunneltest.LargeSize) {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	over := make(chan struct{})
	go func() { downloads.Wait(); close(over) }()
	peak := 0
	for busy := true; busy; {
		select {
		case <-over:
			busy = false
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, proportionalSetSize(t, pid))
		}
	}
	t.Logf("under load: %d KiB", peak)
	if peak > 64_000_000>>10 {
		t.Errorf("%d KiB under load, 64 MB is the limit", peak)
	}
	settled("idle again")
}

// In system mode little of each 64 KB buffer is ever touched. If the memory limit counted them fully, the garbage collector
// would run all the time and use more CPU than encryption.
func TestMemoryInSystemMode(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	service := s.command("service")
	service.Env = append(service.Env, "GODEBUG=gctrace=1")
	s.startAs(service)
	s.mustConnect()
	collections := func() int {
		text, _ := os.ReadFile(s.log)
		return strings.Count(string(text), "\ngc ")
	}
	// The forced collection after connecting comes later than the period without collections.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if text, _ := os.ReadFile(s.log); strings.Contains(string(text), "(forced)") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no memory was returned after connecting")
		}
	}
	before := collections()
	file := filepath.Join(t.TempDir(), "large")
	const size = 64 << 20
	if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	var peak int
	done := make(chan struct{})
	go func() {
		defer close(done)
		out, err := exec.Command("curl", "-sS", "--max-time", "60", "--data-binary", "@"+file, "http://"+tunneltest.Portal.String()+"/sink").CombinedOutput()
		if err != nil || string(out) != strconv.Itoa(size) {
			t.Errorf("%v %s", err, out)
		}
	}()
	for busy := true; busy; {
		select {
		case <-done:
			busy = false
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, proportionalSetSize(t, s.service.Process.Pid))
		}
	}
	collected := collections() - before
	t.Logf("%d collections for %d MB, at most %d KiB", collected, size>>20, peak)
	if collected > size>>20 {
		t.Error("the garbage collector runs all the time")
	}
	if peak > 64_000_000>>10 {
		t.Errorf("%d KiB under load, 64 MB is the limit", peak)
	}
	s.mustDisconnect()
}

func proportionalSetSize(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
			n, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no Pss")
	return 0
}
