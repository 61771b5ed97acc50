package main

import (
	"os"
	"strings"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/sleep/sleeptest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// After sleep the session has new keys and the host's settings are complete, without a failure being noticed first.
func TestAfterSleep(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	address, asleep := sleeptest.Bus(t)
	s := newSite(t)
	command := s.command("service")
	command.Env = append(command.Env, "DBUS_SYSTEM_BUS_ADDRESS="+address)
	s.startAs(command)
	s.mustConnect()
	// Never later than it really was.
	handshake := func() time.Time {
		now := time.Now()
		return now.Add(-s.reported(false).GetSession().GetHandshakeAge().AsDuration())
	}
	for start := time.Now(); !handshake().After(start); time.Sleep(200 * time.Millisecond) {
		// Repeated until the service listens.
		asleep(true)
		asleep(false)
		if time.Since(start) > 10*time.Second {
			log, _ := os.ReadFile(s.log)
			t.Fatalf("no handshake\n%s", log)
		}
	}
	s.become(typesv1.Phase_PHASE_CONNECTED)
	if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
		t.Fatalf("%v %q", err, text)
	}
	if log, _ := os.ReadFile(s.log); !strings.Contains(string(log), "the host was asleep") {
		t.Error("it was not logged")
	}
	s.mustLeave()
}
