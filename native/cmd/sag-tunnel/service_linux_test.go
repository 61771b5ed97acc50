package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system/nettest"
	"sag.software/native/internal/tunnel/failure"
	"sag.software/native/internal/tunnel/tunneltest"
)

// beProgram is set in a process that is sag-tunnel itself and no test.
const beProgram = "SAG_TEST_BE_SAG_TUNNEL"

// soak makes the long versions of these tests.
var soak = os.Getenv("SAG_SOAK") != ""

func TestMain(m *testing.M) {
	if args := os.Getenv(beProgram); args != "" {
		os.Args = append([]string{"sag-tunnel"}, strings.Fields(args)...)
		if os.Getenv(switchable) != "" {
			openMachine = openSwitchable
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const intranet = "a1b2"

// site is a machine with a service, and a company it can reach.
type site struct {
	t          *testing.T
	company    *tunneltest.Company
	run, state string
	before     string
	service    *exec.Cmd
	log        string
}

// newSite makes a LAN, which must be untouched in the end, and a company on loopback.
func newSite(t *testing.T) *site {
	t.Helper()
	for _, line := range []string{
		"link add net0 type veth peer name net1", "link set net0 addrgenmode none", "link set net1 addrgenmode none",
		"link set net0 up", "link set net1 up", "addr add 192.0.2.2/24 dev net0", "route add default via 192.0.2.1",
		"-6 addr add 2001:db8::2/64 dev net0 nodad",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	// Other users have to get as far as the socket.
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

// tail is what the service said last.
func (s *site) tail() string {
	text, _ := os.ReadFile(s.log)
	const enough = 6000
	return string(text[max(0, len(text)-enough):])
}

func (s *site) kill(signal syscall.Signal) {
	_ = s.service.Process.Signal(signal)
	_ = s.service.Wait()
}

// repair runs sag-tunnel repair and gives what it said.
func (s *site) repair() string {
	s.t.Helper()
	out, err := s.command("repair").CombinedOutput()
	if err != nil {
		s.t.Fatalf("repair: %v\n%s", err, out)
	}
	return string(out)
}

func (s *site) rpc() (tunnelv1connect.TunnelServiceClient, func()) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.run, "rpc.sock"))
	}}
	return tunnelv1connect.NewTunnelServiceClient(&http.Client{Transport: transport}, "http://localhost"), transport.CloseIdleConnections
}

// connect does what core does, and answers when the tunnel is up or has failed.
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

func (s *site) disconnect(ctx context.Context) error {
	rpc, leave := s.rpc()
	defer leave()
	_, err := rpc.Stop(ctx, connect.NewRequest(&tunnelv1.StopRequest{IntranetId: intranet}))
	return err
}

func (s *site) mustConnect() *tunnelv1.State {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.disconnect(ctx); err != nil {
		// What it is doing is worth more than that it did not answer.
		s.kill(syscall.SIGQUIT)
		text := s.tail()
		s.t.Fatalf("not disconnected: %v\n%s", err, text)
	}
}

// untouched fails if the machine is not as it was before.
func (s *site) untouched(when string) {
	s.t.Helper()
	if now := nettest.State(s.t); now != s.before {
		text := s.tail()
		s.t.Fatalf("%s:\n%s\n%s", when, nettest.Difference(s.before, now), text)
	}
}

// page asks for the intranet's page as any program would.
func page() (string, error) {
	out, err := exec.Command("curl", "-sS", "--max-time", "3", "http://"+tunneltest.Portal.String()+"/").CombinedOutput()
	return string(out), err
}

// ping sends one echo request and waits for its answer.
func ping(address string) error {
	socket, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return err
	}
	defer socket.Close()
	request := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: 1, Data: []byte("sag")}}
	bytes, err := request.Marshal(nil)
	if err != nil {
		return err
	}
	_ = socket.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := socket.WriteTo(bytes, &net.IPAddr{IP: net.ParseIP(address)}); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		answer, err := icmp.ParseMessage(1, buffer[:n])
		if err == nil && answer.Type == ipv4.ICMPTypeEchoReply && from.String() == address {
			return nil
		}
	}
}

func cause(err error) typesv1.Cause { return failure.Cause(err) }

// capabilities are those that the unit leaves the service, as setpriv wants them.
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

// What the unit leaves the service is enough: two capabilities, a strict umask, no new privileges.
func TestWithTheUnitsCapabilityOnly(t *testing.T) {
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
	s.mustDisconnect()
	s.untouched("after disconnect")
}

func TestTheWholeMachineIsInside(t *testing.T) {
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
	blocking, _ := os.ReadFile(filepath.Join(s.run, "blocking"))
	if want := `{"blocking":"none","holds":"intranet","lockdown":"off","phase":"connected","pid":`; !strings.HasPrefix(string(blocking), want) {
		t.Errorf("%s", blocking)
	}
	s.mustDisconnect()
	s.untouched("after disconnect")
	s.mustConnect()
	s.kill(syscall.SIGTERM)
	s.untouched("after an orderly end")
	if s.company.HungUp() != 2 {
		t.Errorf("hung up %d times", s.company.HungUp())
	}
}

// Whoever puts a rule of theirs before all others has the intranet's packets: that is said, with their name, and over with them.
func TestARivalIsNamed(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	for _, line := range []string{
		"link add rival type veth peer name rival2", "link set rival up", "link set rival2 up",
		"route add 10.80.0.0/16 dev rival table 9", "rule add pref 1 lookup 9",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	state, err := s.until(ctx, typesv1.Phase_PHASE_RECONNECTING)
	if err != nil || state.GetCause().GetCause() != typesv1.Cause_CAUSE_VPN_CONFLICT || !strings.Contains(state.GetCause().GetText(), "rival") {
		t.Fatalf("%v %v", err, state)
	}
	if state.GetBlocking() != typesv1.Blocking_BLOCKING_INTRANET {
		t.Error("does not say that what somebody else would carry is held back")
	}
	nettest.Run(t, "ip", "rule", "del", "pref", "1")
	nettest.Run(t, "ip", "link", "del", "rival")
	if _, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED); err != nil {
		t.Fatal(err)
	}
	s.mustDisconnect()
	s.untouched("after the rival and we have gone")
}
