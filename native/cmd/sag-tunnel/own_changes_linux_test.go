package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

// IPv6 is switched off and on while connected, as other VPN programs and administrators do. Neither the kernel's removal of
// addresses and routes nor our repair may be reported as a conflict with another program.
func TestIPv6IsSwitchedOffAndOn(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	switchIPv6(t, "all")
}

// The same for the tunnel's link only.
func TestIPv6IsSwitchedOffAndOnForTheTunnelLink(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	switchIPv6(t, "sag0")
}

func switchIPv6(t *testing.T, where string) {
	s := newSite(t)
	s.start()
	s.mustConnect()
	addressed := func() bool {
		return strings.Contains(nettest.Run(t, "ip", "-6", "addr", "show", "dev", "sag0"), "fd00:5a09::2")
	}
	whole := func() string {
		m := s.reported(false)
		names := m.GetMachine().GetNames()
		if m.GetPhase() == typesv1.Phase_PHASE_CONNECTED && names != nil && names.GetTrouble() == "" && len(m.GetWarnings()) == 0 {
			return ""
		}
		return m.String()
	}
	becomes := func(what string, on bool) {
		t.Helper()
		for start := time.Now(); addressed() != on || whole() != ""; time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > 5*time.Second {
				t.Fatalf("%s: addressed %v, %s\n%s", what, addressed(), whole(), s.tail())
			}
		}
	}
	wait := 200 * time.Millisecond // same result as with the 5 s of the soak test
	if soak {
		wait = 5 * time.Second
	}
	for range 10 {
		nettest.Run(t, "sysctl", "-qw", "net.ipv6.conf."+where+".disable_ipv6=1")
		becomes("IPv6 is off", false)
		if _, err := page(); err != nil {
			t.Fatalf("without IPv6: %v", err)
		}
		time.Sleep(wait) // the time without IPv6 is part of the test
		if state := whole(); state != "" {
			t.Fatalf("while IPv6 is off: %s\n%s", state, s.tail())
		}
		nettest.Run(t, "sysctl", "-qw", "net.ipv6.conf."+where+".disable_ipv6=0")
		becomes("IPv6 is on", true)
	}
	for _, word := range []string{"leaving DNS to another program", "permission", "keeps"} {
		if strings.Contains(s.tail(), word) {
			t.Errorf("the service says %s", s.tail())
		}
	}
	s.mustDisconnect()
}

// The intranet's domains change repeatedly: our lines stay in resolv.conf all the time, and no conflict is reported.
func TestFrequentDomainChanges(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	done, gaps := make(chan struct{}), make(chan int, 1)
	go func() {
		missing := 0
		for {
			select {
			case <-done:
				gaps <- missing
				return
			default:
			}
			if text, err := os.ReadFile("/etc/resolv.conf"); err == nil && len(text) > 0 && !strings.Contains(string(text), "sag-tunnel") {
				missing++
			}
			time.Sleep(100 * time.Microsecond)
		}
	}()
	for _, domain := range []string{"one.test", "two.test", "three.test", "four.test", "corp.test"} {
		s.company.SetDomains(domain)
		nettest.Until(t, "names of "+domain, func() bool { return slices.Contains(s.reported(false).GetMachine().GetNames().GetDomains(), domain) })
	}
	close(done)
	if n := <-gaps; n > 0 {
		t.Errorf("our lines were not in resolv.conf at %d looks", n)
	}
	if m := s.reported(false); len(m.GetWarnings()) > 0 || strings.Contains(s.tail(), "restored") {
		t.Errorf("%v\n%s", m.GetWarnings(), s.tail())
	}
	s.mustLeave()
}
