package main

import (
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
)

// The DNS manager runs but answers nothing: connecting and disconnecting still work within their time limits, and DNS is
// configured as soon as it answers again.
func TestNamesWithoutAnswers(t *testing.T) {
	for _, c := range []struct{ backend, hung string }{
		{"systemd-resolved", "systemd-resolved"}, {"systemd-resolved", "dbus-daemon"}, {"NetworkManager", "NetworkManager"},
	} {
		t.Run(c.backend+" without "+c.hung, func(t *testing.T) {
			// Each runs in its own namespace and mostly waits.
			t.Parallel()
			if !nettest.Inside(t) {
				return
			}
			s := newSite(t)
			keeper := nettest.Keep(t, c.backend, "net0", "192.0.2.53")
			want := keeper.State()
			s.start()
			goOn := keeper.Pause(c.hung)
			began := time.Now()
			s.mustConnect()
			t.Logf("connected after %s", time.Since(began).Round(time.Millisecond))
			goOn()
			nettest.Until(t, "names in their place", func() bool {
				n := s.reported(false).GetMachine().GetNames()
				return n.GetBackend() == c.backend && n.GetTrouble() == ""
			})
			goOn = keeper.Pause(c.hung)
			began = time.Now()
			s.mustDisconnect()
			t.Logf("disconnected after %s", time.Since(began).Round(time.Millisecond))
			goOn()
			nettest.Until(t, "names as they were", func() bool { return keeper.State() == want })
			s.kill(syscall.SIGKILL)
		})
	}
}
