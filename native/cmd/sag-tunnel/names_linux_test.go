package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

// Killed at any moment, with network changes in between: only the DNS settings of others remain.
func TestNamesThroughKills(t *testing.T) {
	kills := 20
	if soak {
		kills = 200
	}
	for _, backend := range []string{"file", "systemd-resolved", "NetworkManager"} {
		t.Run(backend, func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			s := newSite(t)
			servers := []string{"192.0.2.53", "198.51.100.53"}
			keeper := nettest.Keep(t, backend, "net0", servers[0])
			want := map[string]string{}
			for _, server := range servers {
				keeper.Change(server)
				nettest.Until(t, server, func() bool { return strings.Contains(keeper.State(), server) })
				want[server] = keeper.State()
			}
			server := servers[1]
			changed, set := 0, 0
			var connected atomic.Int64
			for range kills {
				s.start()
				ctx, cancel := context.WithCancel(context.Background())
				churned := make(chan struct{})
				go func() {
					defer close(churned)
					for ctx.Err() == nil {
						state, err := s.connect(ctx)
						if err != nil {
							return
						}
						if state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
							t.Errorf("%v", state)
							return
						}
						connected.Add(1)
						if s.disconnect(ctx) != nil {
							return
						}
					}
				}()
				// The moment of the kill is what is tested, so this wait is random.
				time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
				if rand.IntN(3) == 0 {
					// A change just before the kill: our settings must be recognised whether they were applied or not.
					server = servers[rand.IntN(len(servers))]
					keeper.Change(server)
				}
				s.kill(syscall.SIGKILL)
				cancel()
				<-churned
				if keeper.State() != want[server] {
					set++
				}
				if rand.IntN(2) == 0 {
					changed++
					server = servers[rand.IntN(len(servers))]
					keeper.Change(server)
				}
				s.repair()
				nettest.Until(t, "names as others have them", func() bool { return keeper.State() == want[server] })
			}
			if connected.Load() == 0 {
				t.Error("it was never connected")
			}
			t.Logf("%d kills, %d connections, %d kills with names of ours left, %d with another network since", kills, connected.Load(), set, changed)
		})
	}
}
