//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/tunnel/tunneltest"
)

// process is a running sag-tunnel.
type process struct {
	tunnelv1connect.TunnelServiceClient
	t       *testing.T
	command *exec.Cmd
	dir     string
	exited  chan error
	log     *bytes.Buffer
}

func program(dir string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), beProgram+"=proxy --dir "+dir+" --intranet "+intranet+" --json")
	return command
}

func run(t *testing.T, dir string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, exited: make(chan error, 1), log: &bytes.Buffer{}}
	p.command = program(dir)
	p.command.Stderr = p.log
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v %s", err, p.log)
	}
	go func() { p.exited <- p.command.Wait() }()
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	var ready struct {
		Ready  bool
		Socket string
		PID    int
	}
	if err := json.Unmarshal(line, &ready); err != nil || !ready.Ready || ready.PID != p.command.Process.Pid {
		t.Fatalf("%s %v", line, err)
	}
	client, leave := control.Dial(dir)
	t.Cleanup(leave)
	p.TunnelServiceClient = client
	return p
}

func (p *process) start(company *tunneltest.Company) *tunnelv1.State {
	p.t.Helper()
	prepared, err := p.Prepare(context.Background(), connect.NewRequest(&tunnelv1.PrepareRequest{IntranetId: intranet}))
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = p.Start(context.Background(), connect.NewRequest(&tunnelv1.StartRequest{
		AttemptId: prepared.Msg.GetAttemptId(), IntranetId: intranet, Session: company.Dial(prepared.Msg.GetPublicKey()), Cloud: company.Cloud(),
	}))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.until(typesv1.Phase_PHASE_CONNECTED)
}

// until waits for a phase with Watch.
func (p *process) until(phase typesv1.Phase) *tunnelv1.State {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stream, err := p.Watch(ctx, connect.NewRequest(&tunnelv1.WatchRequest{}))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var last *tunnelv1.State
	for stream.Receive() {
		last = stream.Msg().GetChanged()
		if s := stream.Msg().GetSnapshot(); s != nil {
			last = s.GetStates()[0]
		}
		if last.GetPhase() == phase {
			return last
		}
	}
	p.t.Fatalf("never %v: %v %v\n%s", phase, last, stream.Err(), p.log)
	return nil
}

func (p *process) wait() error {
	p.t.Helper()
	select {
	case err := <-p.exited:
		return err
	case <-time.After(5 * time.Second):
		p.t.Fatal("it does not end")
		return nil
	}
}

func fetch(s *tunnelv1.State) error {
	out, err := exec.Command("curl", "-sS", "--max-time", "3", "--socks5-hostname", s.GetProxy().GetSocks(), "http://portal."+tunneltest.Domain+"/").CombinedOutput()
	if err != nil || !strings.Contains(string(out), tunneltest.PortalText) {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func runtimeDir(t *testing.T) string { return filepath.Join(t.TempDir(), intranet) }

func TestSessionIsResumedAfterKill(t *testing.T) {
	company := tunneltest.NewCompany(t, 2)
	dir := runtimeDir(t)
	first := run(t, dir)
	before := first.start(company)
	if err := fetch(before); err != nil {
		t.Fatal(err)
	}
	_ = first.command.Process.Signal(syscall.SIGKILL)
	_ = first.wait()
	if _, err := os.Stat(filepath.Join(dir, "session")); err != nil {
		t.Fatal("no session was saved")
	}
	second := run(t, dir)
	after := second.until(typesv1.Phase_PHASE_CONNECTED)
	if after.GetProxy().GetSocks() != before.GetProxy().GetSocks() || after.GetProxy().GetHttp() != before.GetProxy().GetHttp() {
		t.Errorf("listeners were %v, are %v", before.GetProxy(), after.GetProxy())
	}
	if err := fetch(after); err != nil {
		t.Error(err)
	}
	if company.Incarnation() != 2 || company.AccessPoints[0].Generation()>>32 != 2 {
		t.Errorf("incarnation %d, generation %x", company.Incarnation(), company.AccessPoints[0].Generation())
	}
	if s := second.stop(); s.GetPhase() != typesv1.Phase_PHASE_DISCONNECTED || company.HungUp() != 1 {
		t.Errorf("%v, hung up %d times", s, company.HungUp())
	}
	if err := second.wait(); err != nil {
		t.Errorf("after Stop: %v", err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 || left[0].Name() != "lock" {
		t.Errorf("left behind: %v", left)
	}
}

func (p *process) stop() *tunnelv1.State {
	p.t.Helper()
	stopped, err := p.Stop(context.Background(), connect.NewRequest(&tunnelv1.StopRequest{IntranetId: intranet}))
	if err != nil {
		p.t.Fatal(err)
	}
	return stopped.Msg.GetState()
}

func TestRefusedResumption(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	dir := runtimeDir(t)
	first := run(t, dir)
	first.start(company)
	_ = first.command.Process.Signal(syscall.SIGKILL)
	_ = first.wait()
	company.End(failure.Of(failure.SessionExpired, msg.Foreign("over")))
	second := run(t, dir)
	if s := second.until(typesv1.Phase_PHASE_FAILED); s.GetCause().GetCause() != typesv1.Cause_CAUSE_SESSION_EXPIRED {
		t.Errorf("%v", s)
	}
	if _, err := os.Stat(filepath.Join(dir, "session")); err == nil {
		t.Error("the session is still saved")
	}
	// The same process accepts another session, at the same listeners.
	company.End(nil)
	if err := fetch(second.start(company)); err != nil {
		t.Error(err)
	}
}

func TestTermination(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := run(t, runtimeDir(t))
	p.start(company)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	if err := p.wait(); err != nil || company.HungUp() != 1 {
		t.Errorf("%v, hung up %d times", err, company.HungUp())
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	dir := runtimeDir(t)
	run(t, dir)
	out, err := program(dir).Output()
	var said struct{ Cause string }
	if err == nil || json.Unmarshal(out, &said) != nil || said.Cause != "data_directory_in_use" {
		t.Errorf("%v %s", err, out)
	}
}

func TestNoSecretIsShown(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	t.Setenv("SAG_LOG", "debug")
	p := run(t, runtimeDir(t))
	s := p.start(company)
	if err := fetch(s); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(p.command.Process.Pid)
	shown := fmt.Sprint(s)
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile("/proc/" + pid + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		shown += string(text)
	}
	_ = p.stop()
	_ = p.wait()
	shown += p.log.String()
	if strings.Contains(shown, tunneltest.Token) {
		t.Error("the session token is shown")
	}
	if !strings.Contains(p.log.String(), `"msg"`) {
		t.Error("there is no log")
	}
}
