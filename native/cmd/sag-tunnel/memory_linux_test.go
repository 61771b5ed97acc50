//go:build linux && !race

// Under the race detector memory says nothing: these tests have a stage of their own.

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
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
