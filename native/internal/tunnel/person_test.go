package tunnel_test

import (
	"context"
	"io"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/control"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/tunnel/tunneltest"
)

const intranet = "a1b2"

const (
	connecting   = typesv1.Phase_PHASE_CONNECTING
	connected    = typesv1.Phase_PHASE_CONNECTED
	reconnecting = typesv1.Phase_PHASE_RECONNECTING
	failed       = typesv1.Phase_PHASE_FAILED
	disconnected = typesv1.Phase_PHASE_DISCONNECTED
)

// person is a user with a tunnel.
type person struct {
	*tunnel.Tunnel
	t       testing.TB
	company *tunneltest.Company
	store   resume.Store
	options *tunnelv1.ProxyOptions
}

func newPerson(t testing.TB, company *tunneltest.Company) *person {
	t.Helper()
	boot, err := clock.BootID()
	if err != nil {
		t.Skipf("not run: needs the ID of this boot: %v", err)
	}
	p := &person{t: t, company: company, store: resume.Store{Dir: t.TempDir(), Boot: boot}, options: &tunnelv1.ProxyOptions{}}
	p.open()
	return p
}

func (p *person) open() {
	logger := slog.New(slog.NewTextHandler(testWriter{p.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.Tunnel = tunnel.New(tunnel.Config{
		IntranetID: intranet, Version: "0.0.0-test", Store: p.store, Owners: peercred.System(), Logger: logger, Unwanted: time.Minute,
	})
	this := p.Tunnel
	p.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = this.Stop(ctx, intranet)
	})
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	if !testing.Verbose() {
		return len(b), nil
	}
	return io.Discard.Write(b)
}

// These methods use the contract's messages, as callers of the local RPC do.

// Start replaces the tunnel's method.
func (p *person) Start(r *tunnelv1.StartRequest) (*tunnelv1.State, error) {
	state, err := p.Tunnel.Start(control.StartRequest(r))
	return control.StateMessage(state), err
}

// Stop replaces the tunnel's method.
func (p *person) Stop(ctx context.Context, intranetID string) (*tunnelv1.State, error) {
	state, err := p.Tunnel.Stop(ctx, intranetID)
	return control.StateMessage(state), err
}

// State replaces the tunnel's method.
func (p *person) State(ctx context.Context, probe bool) (*tunnelv1.State, error) {
	state, err := p.Tunnel.State(ctx, probe)
	return control.StateMessage(state), err
}

type change struct{ State *tunnelv1.State }

// Watch replaces the tunnel's method.
func (p *person) Watch() (now change, changes <-chan change, leave func()) {
	first, snapshots, stop := p.Tunnel.Watch()
	messages, left := make(chan change), make(chan struct{})
	go func() {
		for {
			select {
			case s := <-snapshots:
				select {
				case messages <- change{control.StateMessage(s.State)}:
				case <-left:
					return
				}
			case <-left:
				return
			}
		}
	}()
	return change{control.StateMessage(first.State)}, messages, func() { close(left); stop() }
}

func (p *person) start() (*tunnelv1.State, error) {
	p.t.Helper()
	return p.Start(p.request())
}

// request returns a Start for a session that was dialled with a new key.
func (p *person) request() *tunnelv1.StartRequest {
	p.t.Helper()
	attempt, public, err := p.Prepare(intranet)
	if err != nil {
		p.t.Fatal(err)
	}
	return &tunnelv1.StartRequest{
		AttemptId: attempt, IntranetId: intranet, Session: p.company.Dial(public), Cloud: p.company.Cloud(), Proxy: p.options,
	}
}

// connect starts a session and waits until it is connected.
func (p *person) connect() *person {
	p.t.Helper()
	if _, err := p.start(); err != nil {
		p.t.Fatal(err)
	}
	p.until(2*time.Second, "connected", phase(connected))
	return p
}

func phase(want typesv1.Phase) func(*tunnelv1.State) bool {
	return func(s *tunnelv1.State) bool { return s.GetPhase() == want }
}

func (p *person) state() *tunnelv1.State {
	p.t.Helper()
	s, err := p.State(context.Background(), false)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// until waits for a published state and returns how long it took.
func (p *person) until(limit time.Duration, what string, holds func(*tunnelv1.State) bool) time.Duration {
	p.t.Helper()
	start := time.Now()
	now, changes, leave := p.Watch()
	defer leave()
	state := now.State
	timeout := time.After(limit)
	for !holds(state) {
		select {
		case c := <-changes:
			state = c.State
		case <-timeout:
			p.t.Fatalf("not within %v: %s; it is %v %v %v", limit, what, state.GetPhase(), state.GetCause(), state.GetWarnings())
		}
	}
	return time.Since(start)
}

// eventually polls for a condition that no state shows.
func eventually(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func curl(args ...string) (string, error) {
	out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "8", "--noproxy", ""}, args...)...).CombinedOutput()
	return string(out), err
}

func (p *person) bySocks(url string, more ...string) (string, error) {
	return curl(append([]string{"--socks5-hostname", p.state().GetProxy().GetSocks(), url}, more...)...)
}

func (p *person) byHTTP(url string, more ...string) (string, error) {
	return curl(append([]string{"-x", "http://" + p.state().GetProxy().GetHttp(), url}, more...)...)
}

func warns(s *tunnelv1.State) bool {
	for _, w := range s.GetWarnings() {
		if w.GetCode() == typesv1.WarningCode_WARNING_CODE_INSTANCE_UNREACHABLE {
			return true
		}
	}
	return false
}

const portalURL = "http://portal." + tunneltest.Domain + "/"
