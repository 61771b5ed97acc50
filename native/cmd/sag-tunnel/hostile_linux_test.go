package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

func withRoutes(routes ...string) func(*clientv1.Session) {
	return func(s *clientv1.Session) { s.Routes = routes }
}

func tenThousand() (routes []string) {
	for i := range 10_000 {
		routes = append(routes, fmt.Sprintf("10.%d.%d.0/24", i/256, i%256))
	}
	return routes
}

// hostileProfiles are sessions that no honest cloud instance sends. Package cloudapi tests many more; these are tested end
// to end.
var hostileProfiles = []struct {
	name  string
	cause typesv1.Cause
	edit  func(*clientv1.Session)
}{
	{"default route without policy", typesv1.Cause_CAUSE_ANSWER_INVALID, withRoutes("0.0.0.0/0")},
	{"loopback", typesv1.Cause_CAUSE_ANSWER_INVALID, withRoutes("127.0.0.0/8")},
	{"multicast", typesv1.Cause_CAUSE_ANSWER_INVALID, withRoutes("224.0.0.0/4")},
	{"link-local", typesv1.Cause_CAUSE_ANSWER_INVALID, withRoutes("169.254.0.0/16")},
	{"10,000 routes", typesv1.Cause_CAUSE_ANSWER_TOO_LARGE, withRoutes(tenThousand()...)},
	{"endpoint inside its own routes", typesv1.Cause_CAUSE_ANSWER_INVALID, func(s *clientv1.Session) {
		s.AccessPoints[0].Endpoints[0].Host = "10.80.1.1"
	}},
	{"NUL in a name", typesv1.Cause_CAUSE_ANSWER_INVALID, func(s *clientv1.Session) { s.AccessPoints[0].Name = "a\x00b" }},
	{"newline in a domain", typesv1.Cause_CAUSE_ANSWER_INVALID, func(s *clientv1.Session) {
		s.Dns.Domains = []string{"corp.test\nnameserver 6.6.6.6"}
	}},
	{"a command for an address", typesv1.Cause_CAUSE_ANSWER_INVALID, func(s *clientv1.Session) {
		s.Addresses = []string{"10.9.0.1/32; ip link del net0"}
	}},
}

// A hostile session from Start changes nothing and its cause is reported; afterwards the service accepts a valid one.
func TestHostileProfilesAreRefused(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	for _, c := range hostileProfiles {
		s.company.Tamper(c.edit)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		state, err := s.connect(ctx)
		cancel()
		if err == nil || cause(err) != c.cause {
			t.Errorf("%s: %v %v", c.name, err, state)
		}
		if s.wanted() {
			t.Errorf("%s: a session is saved", c.name)
		}
		s.untouched(c.name)
	}
	s.company.Tamper(nil)
	s.mustConnect()
	s.mustDisconnect()
}

// After a hostile renewal the session continues unchanged.
func TestHostileRenewalsAreRefused(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	stands := nettest.State(t)
	for i, c := range hostileProfiles {
		refused := func() int {
			text, _ := os.ReadFile(s.log)
			return strings.Count(string(text), fmt.Sprintf(`failed to renew the session","intranet":%q,"error":"%s`, intranet, c.cause))
		}
		before := refused()
		s.company.Tamper(c.edit)
		s.company.SetDomains(fmt.Sprintf("corp%d.test", i))
		for end := time.Now().Add(5 * time.Second); refused() == before; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				text := s.tail()
				t.Fatalf("%s: the log has no reason for the refusal: %s", c.name, text)
			}
		}
		if now := nettest.State(t); now != stands {
			t.Fatalf("%s:\n%s", c.name, nettest.Difference(stands, now))
		}
	}
	if state := s.reported(true); state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
		t.Errorf("%v", state)
	}
	s.company.Tamper(nil)
	s.mustLeave()
}

// The session's address is already the host's: assigning it would break the host's own connections from it.
func TestAddressInUseOnTheHostIsRefused(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	own := func(session *clientv1.Session) { session.Addresses[0] = "192.0.2.2/32" }
	s.company.Tamper(own)
	state, err := s.connect(ctx)
	if err != nil || state.GetCause().GetCause() != typesv1.Cause_CAUSE_VPN_CONFLICT || !strings.Contains(state.GetCause().GetText(), "net0") {
		t.Fatalf("%v %v", err, state)
	}
	s.untouched("after it was refused")

	// If a link gets the address later, the conflict is reported until the address is removed.
	s.company.Tamper(nil)
	s.mustConnect()
	nettest.Run(t, "ip", "addr", "add", "10.90.0.2/24", "dev", "net0")
	if state := s.become(typesv1.Phase_PHASE_RECONNECTING); !strings.Contains(state.GetCause().GetText(), "10.90.0.2") {
		t.Fatalf("%v", state)
	}
	nettest.Run(t, "ip", "addr", "del", "10.90.0.2/24", "dev", "net0")
	s.become(typesv1.Phase_PHASE_CONNECTED)
	s.mustLeave()
}
