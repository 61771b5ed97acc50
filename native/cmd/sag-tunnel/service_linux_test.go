package main

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// capabilities are those in the unit file, in setpriv's syntax.
func capabilities(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../build/units/sag-tunnel.service")
	if err != nil {
		t.Fatal(err)
	}
	set := "-all"
	for line := range strings.Lines(string(text)) {
		if names, found := strings.CutPrefix(strings.TrimSpace(line), "CapabilityBoundingSet="); found {
			for name := range strings.FieldsSeq(names) {
				set += ",+" + strings.ToLower(strings.TrimPrefix(name, "CAP_"))
			}
		}
	}
	return set
}

// The service works with the unit's restrictions: two capabilities, a strict umask, no new privileges.
func TestServiceWithUnitCapabilities(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	own := s.command("service")
	confined := exec.Command("setpriv", "--bounding-set="+capabilities(t), "--inh-caps=-all", "--no-new-privs",
		"sh", "-c", `umask 0077; exec "$0"`, own.Path)
	confined.Env, confined.SysProcAttr = own.Env, own.SysProcAttr
	s.startAs(confined)
	s.mustConnect()
	if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
		t.Fatalf("%v %q", err, text)
	}
	for path, want := range map[string]os.FileMode{"rpc.sock": 0o666, "blocking": 0o644, "lock": 0o600, intranet: 0o700, ".": 0o755} {
		if info, err := os.Stat(filepath.Join(s.run, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	s.mustLeave()
}

func TestWholeHostUsesTheTunnel(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	state := s.mustConnect()
	if state.GetMode() != typesv1.Mode_MODE_SYSTEM || state.GetBlocking() != typesv1.Blocking_BLOCKING_NONE {
		t.Errorf("%v", state)
	}
	if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
		t.Fatalf("TCP: %v %q", err, text)
	}
	if err := ping(tunneltest.Portal.String()); err != nil {
		t.Fatalf("ICMP: %v", err)
	}
	conn, err := net.Dial("udp", netip.AddrPortFrom(tunneltest.Portal, tunneltest.EchoPort).String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = conn.Write([]byte("hello"))
	buffer := make([]byte, 16)
	if n, err := conn.Read(buffer); err != nil || string(buffer[:n]) != "hello" {
		t.Fatalf("UDP: %v", err)
	}
	if out := nettest.Run(t, "ip", "route", "get", "198.51.100.1"); !strings.Contains(out, "dev net0") {
		t.Errorf("other traffic goes %s", out)
	}
	file := map[string]string{}
	if err := json.Unmarshal([]byte(s.blocking()), &file); err != nil {
		t.Error(err)
	}
	want := map[string]string{
		"blocking": "none", "holds": "intranet", "lockdown": "off", "phase": "connected", "pid": strconv.Itoa(s.service.Process.Pid),
	}
	if !maps.Equal(file, want) {
		t.Errorf("%v", file)
	}
	s.mustLeave()
	s.mustConnect()
	s.kill(syscall.SIGTERM)
	s.untouched("after an orderly end")
	if s.company.HungUp() != 2 {
		t.Errorf("hung up %d times", s.company.HungUp())
	}
}

// A cloud instance that accepts HangUp and never answers delays neither the restoring of the host's settings nor the
// caller.
func TestSilentCloudDoesNotBlockStop(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	s.company.Silence()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	start, answered := time.Now(), make(chan error, 1)
	go func() { answered <- s.disconnect(ctx) }()
	state := s.become(typesv1.Phase_PHASE_DISCONNECTING)
	if state.GetBlocking() != typesv1.Blocking_BLOCKING_NONE || state.GetMachine() != nil {
		t.Errorf("while HangUp is pending: %v", state)
	}
	s.untouched("while HangUp is pending")
	if err := <-answered; err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	s.mustConnect()
}
