package tunnel_test

import (
	"strings"
	"testing"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestCloudKilled(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
	company.Kill()
	t.Logf("warned after %v", p.until(time.Second, "a warning", warns))
	if p.state().GetPhase() != connected {
		t.Fatal("not connected any longer")
	}
	if out, err := p.bySocks(portalURL); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	company.Start()
	t.Logf("unwarned after %v", p.until(3*time.Second, "no warning", func(s *tunnelv1.State) bool { return !warns(s) }))
}

func TestEvents(t *testing.T) {
	t.Run("kicked", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		company.End(failure.Of(failure.Kicked, msg.Foreign("maintenance")))
		p.until(time.Second, "failed", func(s *tunnelv1.State) bool {
			return s.GetPhase() == failed && s.GetCause().GetCause() == typesv1.Cause(failure.Kicked) && s.GetCause().GetText() == "maintenance"
		})
		if _, err := p.store.Load(intranet); err == nil {
			t.Error("the session would be resumed")
		}
		if out, err := p.byHTTP(portalURL); err != nil || !strings.HasPrefix(out, "not_connected") {
			t.Errorf("%v %s", err, out)
		}
	})
	t.Run("message", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		company.Say(&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Message{Message: &clientv1.Message{Text: "hello"}}})
		p.until(time.Second, "the message", func(s *tunnelv1.State) bool { return s.GetMessage() == "hello" })
	})
	t.Run("settings change, and connections stay", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		slow := make(chan error, 1)
		go func() { _, err := p.bySocks(portalURL+"slow", "--max-time", "2", "-o", "/dev/null"); slow <- err }()
		eventually(t, 3*time.Second, "bytes", func() bool { return p.state().GetTraffic().GetRxBytes() > 5000 })
		company.SetDomains("other.test")
		p.until(time.Second, "the profile", func(s *tunnelv1.State) bool {
			return strings.Join(s.GetSession().GetDns().GetDomains(), " ") == "other.test"
		})
		if err := <-slow; err == nil || !strings.Contains(err.Error(), "28") {
			t.Errorf("the connection did not stay: %v", err)
		}
	})
}

func TestLease(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	company.Lease = 2 * time.Second
	p := newPerson(t, company).connect()
	p.until(4*time.Second, "two renewals", func(s *tunnelv1.State) bool { return s.GetSession().GetRenewals() >= 2 })
	if p.state().GetPhase() != connected {
		t.Error("not connected")
	}
	company.Kill()
	p.until(4*time.Second, "the end of the lease", func(s *tunnelv1.State) bool {
		return s.GetPhase() == failed && s.GetCause().GetCause() == typesv1.Cause(failure.SessionExpired)
	})
}
