package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

const intranet = "a1b2"

// site is a host with a service, and a company it can reach.
type site struct {
	t          *testing.T
	company    *tunneltest.Company
	run, state string
	before     string
	service    *exec.Cmd
	log        string
}

// newSite creates a LAN, which must be unchanged at the end, and a company on loopback.
func newSite(t *testing.T) *site {
	t.Helper()
	for _, line := range []string{
		"link add net0 type veth peer name net1", "link set net0 addrgenmode none", "link set net1 addrgenmode none",
		"link set net0 up", "link set net1 up", "addr add 192.0.2.2/24 dev net0", "route add default via 192.0.2.1",
		"-6 addr add 2001:db8::2/64 dev net0 nodad",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	// Other users need access to the socket.
	dir, err := os.MkdirTemp("", "sag-system")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &site{t: t, run: filepath.Join(dir, "run"), state: filepath.Join(dir, "state"), log: filepath.Join(dir, "log")}
	s.before = nettest.Settled(t, `"dst":"2001:db8::2"`, `"dev":"net1","dst":"ff00::/8"`)
	s.company = tunneltest.NewCompany(t, 2)
	return s
}

func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), beProgram+"="+strings.Join(args, " ")+" --run-dir "+s.run+" --state-dir "+s.state)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start starts the service and waits until it is ready.
func (s *site) start() {
	s.t.Helper()
	s.startAs(s.command("service"))
}

func (s *site) startAs(command *exec.Cmd) {
	s.t.Helper()
	s.service = command
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	s.service.Stderr = log
	out, err := s.service.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.service.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = log.Close()
	if line, _ := bufio.NewReader(out).ReadString('\n'); !strings.Contains(line, `"ready":true`) {
		text := s.tail()
		s.t.Fatalf("the service said %q\n%s", line, text)
	}
}

// tail returns the end of the service's log.
func (s *site) tail() string {
	text, _ := os.ReadFile(s.log)
	const enough = 6000
	return string(text[max(0, len(text)-enough):])
}

func (s *site) kill(signal syscall.Signal) {
	_ = s.service.Process.Signal(signal)
	_ = s.service.Wait()
}

// repair runs sag-tunnel repair and returns its output.
func (s *site) repair() string {
	s.t.Helper()
	out, err := s.command("repair").CombinedOutput()
	if err != nil {
		s.t.Fatalf("repair: %v\n%s", err, out)
	}
	return string(out)
}

func (s *site) rpc() (tunnelv1connect.TunnelServiceClient, func()) {
	return control.Dial(s.run)
}

// connect connects like core does, and returns when the tunnel is up or has failed.
func (s *site) connect(ctx context.Context) (*tunnelv1.State, error) {
	rpc, leave := s.rpc()
	defer leave()
	prepared, err := rpc.Prepare(ctx, connect.NewRequest(&tunnelv1.PrepareRequest{IntranetId: intranet}))
	if err != nil {
		return nil, err
	}
	if _, err := rpc.Start(ctx, connect.NewRequest(&tunnelv1.StartRequest{
		AttemptId: prepared.Msg.GetAttemptId(), IntranetId: intranet,
		Session: s.company.Dial(prepared.Msg.GetPublicKey()), Cloud: s.company.Cloud(),
	})); err != nil {
		return nil, err
	}
	return s.until(ctx, typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED)
}

// until waits for one of these phases.
func (s *site) until(ctx context.Context, phases ...typesv1.Phase) (*tunnelv1.State, error) {
	rpc, leave := s.rpc()
	defer leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := rpc.Watch(ctx, connect.NewRequest(&tunnelv1.WatchRequest{}))
	if err != nil {
		return nil, err
	}
	for stream.Receive() {
		states := stream.Msg().GetSnapshot().GetStates()
		if c := stream.Msg().GetChanged(); c != nil {
			states = append(states, c)
		}
		for _, state := range states {
			if slices.Contains(phases, state.GetPhase()) {
				return state, nil
			}
		}
	}
	return nil, errors.Join(errors.New("the stream ended"), stream.Err())
}

// become waits for one of these phases and fails the test if none comes.
func (s *site) become(phases ...typesv1.Phase) *tunnelv1.State {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	state, err := s.until(ctx, phases...)
	if err != nil {
		text := s.tail()
		s.t.Fatalf("not %v: %v\n%s", phases, err, text)
	}
	return state
}

// mustResume fails the test if the service does not resume the session of its predecessor.
func (s *site) mustResume() {
	s.t.Helper()
	state := s.become(typesv1.Phase_PHASE_CONNECTED, typesv1.Phase_PHASE_FAILED)
	if state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
		text := s.tail()
		s.t.Fatalf("not resumed: %v\n%s", state, text)
	}
}

func (s *site) disconnect(ctx context.Context) error {
	rpc, leave := s.rpc()
	defer leave()
	_, err := rpc.Stop(ctx, connect.NewRequest(&tunnelv1.StopRequest{IntranetId: intranet}))
	return err
}

// answerLimit bounds a connect or disconnect. The race detector makes both several times slower.
func answerLimit() time.Duration {
	if racing {
		return 20 * time.Second
	}
	return 5 * time.Second
}

func (s *site) mustConnect() *tunnelv1.State {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit())
	defer cancel()
	state, err := s.connect(ctx)
	if err != nil || state.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
		text := s.tail()
		s.t.Fatalf("not connected: %v %v\n%s", err, state, text)
	}
	return state
}

func (s *site) mustDisconnect() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit())
	defer cancel()
	if err := s.disconnect(ctx); err != nil {
		// A stack dump of the service shows what it waits for.
		s.kill(syscall.SIGQUIT)
		text := s.tail()
		s.t.Fatalf("not disconnected: %v\n%s", err, text)
	}
}

// mustLeave disconnects and checks that the host is as before.
func (s *site) mustLeave() {
	s.t.Helper()
	s.mustDisconnect()
	s.untouched("after disconnect")
}

// untouched fails the test if the host is not as before.
func (s *site) untouched(when string) {
	s.t.Helper()
	if now := nettest.State(s.t); now != s.before {
		text := s.tail()
		s.t.Fatalf("%s:\n%s\n%s", when, nettest.Difference(s.before, now), text)
	}
}

func cause(err error) typesv1.Cause { return typesv1.Cause(wire.Received(err).Code()) }

// wanted reports whether a session is saved for resumption.
func (s *site) wanted() bool {
	found, _ := filepath.Glob(filepath.Join(s.run, "*", "session"))
	return len(found) > 0
}

// blocking returns the blocking file.
func (s *site) blocking() string {
	text, _ := os.ReadFile(filepath.Join(s.run, "blocking"))
	return string(text)
}

// reported returns the tunnel's reported state; with probe, after a check of the access point.
func (s *site) reported(probe bool) *tunnelv1.State {
	s.t.Helper()
	rpc, leave := s.rpc()
	defer leave()
	states, err := rpc.GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{Probe: probe}))
	if err != nil || len(states.Msg.GetStates()) != 1 {
		s.t.Fatalf("%v %v", states, err)
	}
	return states.Msg.GetStates()[0]
}
