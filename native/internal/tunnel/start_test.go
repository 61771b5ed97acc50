package tunnel_test

import (
	"testing"

	"sag.software/native/internal/tunnel/tunneltest"
)

func TestWhoWatchesAfterStartSeesNothingOlder(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company)
	if _, err := p.start(); err != nil {
		t.Fatal(err)
	}
	change, _, leave := p.Watch()
	leave()
	if change.State.GetPhase() == disconnected {
		t.Errorf("phase %v", change.State.GetPhase())
	}
}
