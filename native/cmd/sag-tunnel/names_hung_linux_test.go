package main

import (
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
)

// Who keeps the machine's name servers runs, and answers nothing: a connection comes about all the same and ends in time, and
// everything is in its place as soon as there are answers again.
func TestNamesWithoutAnswers(t *testing.T) {
	for _, c := range []struct{ backend, hung string }{
		{"systemd-resolved", "systemd-resolved"}, {"systemd-resolved", "dbus-daemon"}, {"NetworkManager", "NetworkManager"},
	} {
		t.Run(c.backend+" without "+c.hung, func(t *testing.T) {
			// Each in a namespace of its own, and most of it is waiting.
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
				n := s.told(false).GetMachine().GetNames()
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
