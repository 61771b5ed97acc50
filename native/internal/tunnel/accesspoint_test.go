package tunnel_test

import (
	"context"
	"testing"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestAccessPointKilled(t *testing.T) {
	t.Run("the only one, watched", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		defer p.Attend()()
		time.Sleep(300 * time.Millisecond)
		company.AccessPoints[0].Kill()
		p.until(3*time.Second, "unreachable", func(s *tunnelv1.State) bool {
			return s.GetPhase() == reconnecting && s.GetCause().GetCause() == typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE
		})
		company.AccessPoints[0].Start()
		p.until(3*time.Second, "connected again", phase(connected))
		if out, err := p.bySocks(portalURL); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	t.Run("the only one, queried", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		company.AccessPoints[0].Kill()
		s, err := p.State(context.Background(), true)
		if err != nil || s.GetCause().GetCause() != typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE {
			t.Fatalf("%v %v", err, s)
		}
	})
	t.Run("restarted, not watched", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		if out, err := p.bySocks(portalURL); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		company.AccessPoints[0].Kill()
		company.AccessPoints[0].Start()
		start := time.Now()
		eventually(t, 3*time.Second, "traffic again", func() bool {
			_, err := p.bySocks(portalURL, "--max-time", "1")
			return err == nil
		})
		t.Logf("traffic again after %v", time.Since(start))
	})
	t.Run("one of two, traffic flows", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 2)
		p := newPerson(t, company).connect()
		first := p.state().GetAccessPoint().GetId()
		slow := make(chan error, 1)
		go func() { _, err := p.bySocks(portalURL+"slow", "-o", "/dev/null"); slow <- err }()
		eventually(t, 3*time.Second, "bytes", func() bool { return p.state().GetTraffic().GetRxBytes() > 5000 })
		company.AccessPoints[0].Kill()
		start := time.Now()
		eventually(t, 5*time.Second, "traffic by the other", func() bool {
			_, err := p.bySocks(portalURL, "--max-time", "1")
			return err == nil
		})
		t.Logf("traffic by the other after %v", time.Since(start))
		if s := p.state(); s.GetAccessPoint().GetId() == first {
			t.Error("still the first access point")
		}
		select {
		case err := <-slow:
			if err == nil {
				t.Error("a broken download looked complete")
			}
		case <-time.After(2 * time.Second):
			t.Error("an old connection hangs")
		}
		if company.AccessPoints[1].Generation() == 0 {
			t.Error("the other access point has seen no generation")
		}
	})
}
