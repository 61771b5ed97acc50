package main

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
)

// Measures the time from the session to a working tunnel and back, with each DNS manager. It only prints the times;
// TestManyConnectionsLeakNothing has the limit for our part.
//
//	go test ./cmd/sag-tunnel -run TestLookupTimes -v
func TestLookupTimes(t *testing.T) {
	cycles := 10
	if soak {
		cycles = 200
	}
	for _, backend := range []string{"file", "systemd-resolved", "NetworkManager"} {
		t.Run(backend, func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			s := newSite(t)
			nettest.Keep(t, backend, "net0", "192.0.2.53")
			s.start()
			var up, down []time.Duration
			for range cycles {
				began := time.Now()
				s.mustConnect()
				up = append(up, time.Since(began))
				if n := s.reported(false).GetMachine().GetNames(); n.GetBackend() != backend || n.GetTrouble() != "" {
					t.Fatalf("names: %v", n)
				}
				began = time.Now()
				s.mustDisconnect()
				down = append(down, time.Since(began))
			}
			s.kill(syscall.SIGKILL)
			for _, one := range []struct {
				what  string
				times []time.Duration
			}{{"connect", up}, {"disconnect", down}} {
				slices.Sort(one.times)
				middle, late := one.times[len(one.times)/2], one.times[len(one.times)*95/100]
				t.Logf("%s, %d times: p50 %s, p95 %s", one.what, cycles, middle.Round(time.Millisecond), late.Round(time.Millisecond))
			}
		})
	}
}
