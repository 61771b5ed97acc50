package tunnel_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestStop(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	proxy := p.state().GetProxy()
	s, err := p.Stop(context.Background(), intranet)
	if err != nil || s.GetPhase() != disconnected || s.GetProxy() != nil {
		t.Fatalf("%v %v", err, s)
	}
	if company.HungUp() != 1 {
		t.Error("the cloud received no HangUp")
	}
	for _, address := range []string{proxy.GetSocks(), proxy.GetHttp()} {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens", address)
		}
	}
	if _, err := p.store.Load(intranet); err == nil {
		t.Error("a saved session is left")
	}
	select {
	case <-p.Done():
	case <-time.After(time.Second):
		t.Error("it does not end")
	}
}

// Retire ends a tunnel without a session, and never one that was just started.
func TestRetire(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	if p.Retire() {
		t.Fatal("a tunnel that is up was ended")
	}
	if _, err := p.Stop(t.Context(), intranet); err != nil {
		t.Fatal(err)
	}
	idle := tunnel.New(tunnel.Config{IntranetID: intranet, Store: resume.Store{Dir: t.TempDir()}, Logger: slog.New(slog.DiscardHandler), Unwanted: time.Minute})
	if !idle.Retire() {
		t.Fatal("a tunnel without a session was not ended")
	}
	select {
	case <-idle.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("it does not end")
	}
	if !idle.Retire() {
		t.Error("Retire fails for an ended tunnel")
	}
}

// Stop does not wait for a cloud instance that accepts the call and never answers.
func TestStopDoesNotWaitForSilentCloud(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	company.Silence()
	start := time.Now()
	s, err := p.Stop(t.Context(), intranet)
	if took := time.Since(start); err != nil || s.GetPhase() != disconnected || took > 1500*time.Millisecond {
		t.Errorf("after %v: %v %v", took, err, s)
	}
	<-p.Done()
	p.WaitForHangUp()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("HangUp is still pending after %v", took)
	}
}
