package tunnel_test

import (
	"testing"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/tunnel/tunneltest"
)

// Durations in the contract count from when the message is sent. That must also hold for a watcher's first state, even if
// nothing has changed for a while.
func TestFirstWatchedStateIsCurrent(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	p.until(3*time.Second, "a key exchange", func(s *tunnelv1.State) bool { return s.GetSession().GetKeyExchange() != "" })
	if _, err := p.bySocks(portalURL); err != nil {
		t.Fatal(err)
	}
	before := p.state()
	now, _, leave := p.Watch()
	leave()
	after := p.state()
	if at := now.State.GetSession().GetSince().AsDuration(); at < before.GetSession().GetSince().AsDuration() || at > after.GetSession().GetSince().AsDuration() {
		t.Errorf("up for %v, between %v and %v", at, before.GetSession().GetSince().AsDuration(), after.GetSession().GetSince().AsDuration())
	}
	if left := now.State.GetSession().GetLeaseLeft().AsDuration(); left > before.GetSession().GetLeaseLeft().AsDuration() {
		t.Errorf("the lease grew to %v", left)
	}
	if at := now.State.GetTraffic().GetRxBytes(); at < before.GetTraffic().GetRxBytes() {
		t.Errorf("%d bytes, less than before", at)
	}
}
