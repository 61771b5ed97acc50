package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system/nettest"
	"sag.software/native/internal/system/sleep/sleeptest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// After sleep the keys are new, and the machine is as the intranet needs it, without anybody's having noticed a failure first.
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
	age := func() time.Duration {
		rpc, leave := s.rpc()
		defer leave()
		states, err := rpc.GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
		if err != nil || len(states.Msg.GetStates()) != 1 {
			t.Fatalf("%v %v", states, err)
		}
		return states.Msg.GetStates()[0].GetSession().GetHandshakeAge().AsDuration()
	}
	// Never later than it really was.
	handshake := func() time.Time { now := time.Now(); return now.Add(-age()) }
	for start := time.Now(); !handshake().After(start); time.Sleep(200 * time.Millisecond) {
		// Again, until the service listens.
		asleep(true)
		asleep(false)
		if time.Since(start) > 10*time.Second {
			log, _ := os.ReadFile(s.log)
			t.Fatalf("no handshake\n%s", log)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED); err != nil {
		t.Fatal(err)
	}
	if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
		t.Fatalf("%v %q", err, text)
	}
	if log, _ := os.ReadFile(s.log); !strings.Contains(string(log), "the machine was asleep") {
		t.Error("nothing was said of it")
	}
	s.mustDisconnect()
	s.untouched("after all")
}
