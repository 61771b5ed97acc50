package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// lockdown runs the command and returns its JSON output.
func (s *site) lockdown(args ...string) map[string]any {
	s.t.Helper()
	text, err := s.tryLockdown(args...)
	var said map[string]any
	if err != nil || json.Unmarshal([]byte(text), &said) != nil {
		s.t.Fatalf("lockdown %v: %v\n%s", args, err, text)
	}
	return said
}

func (s *site) tryLockdown(args ...string) (string, error) {
	cmd := exec.Command(os.Args[0])
	verb := append([]string{"lockdown", args[0], "--json"}, args[1:]...)
	cmd.Env = append(os.Environ(), beProgram+"="+strings.Join(append(verb, "--run-dir", s.run, "--state-dir", s.state), " "))
	out, err := cmd.Output()
	return string(out), err
}

// everything sends each kind of packet that programs send, each to its own address.
func everything(t *testing.T) {
	for _, send := range []struct {
		network, to string
	}{
		{"udp", "198.51.100.1:4000"}, {"udp", "198.51.100.2:53"}, {"tcp", "198.51.100.3:80"}, {"tcp", "192.0.2.9:443"},
		{"udp", "[2001:db8:9::1]:4000"}, {"tcp", "[2001:db8:9::2]:443"}, {"udp", "203.0.113.7:51820"}, {"udp", "224.0.0.251:5353"},
	} {
		conn, err := (&net.Dialer{Timeout: 100 * time.Millisecond, Control: func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) {
				if strings.HasPrefix(send.to, "203.") {
					_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, marks.TunnelTraffic)
				}
			})
		}}).Dial(send.network, send.to)
		if err == nil {
			_, _ = conn.Write([]byte("x"))
			_ = conn.Close()
		}
	}
	_ = exec.Command("ping", "-c1", "-W1", "-n", "198.51.100.4").Run()
	_ = t
}

// leak returns what left the host, apart from what every link needs.
func leak(t *testing.T, captured *nettest.Capture) []string {
	t.Helper()
	// A DHCP request may leave. Once it is seen, all earlier packets have been seen, too.
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{Port: 68})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	server := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 77), Port: 67}
	if _, err := socket.WriteTo([]byte("lease"), server); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, packet := range captured.Until(netip.MustParseAddr("192.0.2.77")) {
		to := nettest.Destination(packet)
		if to.IsValid() && !to.IsLinkLocalUnicast() && !to.IsLinkLocalMulticast() && to != netip.MustParseAddr("192.0.2.2") {
			left = append(left, fmt.Sprint(to))
		}
		if to == netip.MustParseAddr("224.0.0.251") {
			left = append(left, "224.0.0.251")
		}
	}
	return left
}

// The whole life of lockdown: turned on while no link is up, restored before any is, through a crash and an upgrade, with a
// captive-portal exception that ends by itself, and turned off by repair, which reports it.
func TestLockdown(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	dir := t.TempDir()
	s := &site{t: t, run: filepath.Join(dir, "run"), state: filepath.Join(dir, "state"), log: filepath.Join(dir, "log")}
	before := nettest.Run(t, "nft", "-s", "list", "ruleset")
	said := s.lockdown("on", "--cloud", "https://192.0.2.10:8443")
	if said["on"] != true || said["by"] != "LOCKDOWN_BY_ADMINISTRATOR" || fmt.Sprint(said["reachable"]) != "[192.0.2.10:8443]" {
		t.Errorf("%v", said)
	}
	// A reboot: the nftables rules are gone, and the early unit restores them.
	nettest.Run(t, "nft", "flush", "ruleset")
	if said := s.lockdown("apply"); said["on"] != true {
		t.Fatalf("%v", said)
	}
	if text, err := os.ReadFile(filepath.Join(s.run, "blocking")); err != nil || !strings.Contains(string(text), `"blocking":"all"`) {
		t.Errorf("%s %v", text, err)
	}
	router := nettest.NewNamespace(t)
	captured := nettest.StartCapture(t, router)
	for _, line := range []string{
		"link add net0 type veth peer name out netns " + router.PID(), "addr add 192.0.2.2/24 dev net0",
		"-6 addr add 2001:db8::2/64 dev net0 nodad", "link set net0 up",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	router.Run("ip link set out address 02:00:00:00:00:01", "ip link set out up", "ip addr add 192.0.2.1/24 dev out")
	nettest.Carries(t, "net0")
	for _, line := range []string{
		"route add default via 192.0.2.1 dev net0", "-6 route add default via 2001:db8::1 dev net0",
		"-6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev net0", "neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev net0",
		"neigh add 192.0.2.77 lladdr 02:00:00:00:00:01 dev net0", "neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev net0",
		"neigh add 192.0.2.10 lladdr 02:00:00:00:00:01 dev net0",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	shut := func(when string) {
		t.Helper()
		everything(t)
		if left := leak(t, captured); len(left) > 0 {
			t.Errorf("%s left: %v", when, left)
		}
	}
	shut("before there is a service")
	dial := func(to string) { // whether there is an answer does not matter
		if conn, err := net.DialTimeout("tcp", to, 100*time.Millisecond); err == nil {
			_ = conn.Close()
		}
	}
	dial("192.0.2.10:8443")
	dial("192.0.2.10:443")
	if left := leak(t, captured); len(left) == 0 || left[0] != "192.0.2.10" {
		t.Errorf("the cloud cannot be dialled: %v", left)
	}

	s.start()
	shut("with a service")
	nettest.Run(t, "nft", "flush", "ruleset")
	for start := time.Now(); s.lockdown("status")["on"] != true; {
		if time.Since(start) > 2*time.Second {
			t.Fatal("lockdown is not restored")
		}
	}
	shut("after somebody flushed everything")
	s.kill(syscall.SIGKILL)
	shut("after a crash")
	// Another binary takes over, as after an upgrade.
	other := filepath.Join(dir, "sag-tunnel-new")
	copyFile(t, os.Args[0], other)
	command := s.command("service")
	command.Path = other
	s.startAs(command)
	shut("after an upgrade")

	// The captive-portal exception: HTTP, DNS and DHCP, on the default route's link, for a limited time.
	if said := s.lockdown("portal", "--for", "4s"); said["portalLink"] != "net0" || said["portalLeft"] == nil {
		t.Errorf("%v", said)
	}
	s.kill(syscall.SIGKILL) // no process is running that could end the exception
	dial("198.51.100.3:80")
	dial("198.51.100.3:22")
	if left := leak(t, captured); len(left) == 0 || strings.Trim(strings.Join(left, ""), "0123456789.") != "" {
		t.Errorf("the portal is not reached: %v", left)
	}
	for start := time.Now(); ; {
		dial("198.51.100.3:80")
		if len(leak(t, captured)) == 0 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("the portal exception does not end")
		}
	}
	shut("after the portal")
	s.start()
	for range 2 {
		s.lockdown("portal", "--for", "1s")
	}

	if said := s.repair(); !strings.Contains(said, "Lockdown is turned off") {
		t.Errorf("with a service repair prints %q", said)
	}
	if said := s.lockdown("status"); said["on"] != false {
		t.Errorf("%v", said)
	}
	s.lockdown("on")
	s.kill(syscall.SIGKILL)
	nettest.Run(t, "nft", "flush", "ruleset")
	if said := s.lockdown("status"); said["on"] != false || said["by"] != "LOCKDOWN_BY_ADMINISTRATOR" {
		t.Errorf("without a service, after a flush of nftables: %v", said)
	}
	s.lockdown("apply")
	if said := s.repair(); !strings.Contains(said, "Lockdown is turned off") {
		t.Errorf("without a service repair prints %q", said)
	}
	if after := nettest.Run(t, "nft", "-s", "list", "ruleset"); after != before {
		t.Errorf("left behind:\n%s", after)
	}
	everything(t)
	if left := leak(t, captured); len(left) < 8 {
		t.Errorf("without lockdown only these leave: %v", left)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err != nil || out.Close() != nil {
		t.Fatal(err)
	}
}

// Lockdown by policy lasts beyond the session until an administrator turns it off; then it does not come back by itself.
// Other users may neither turn it off nor learn from it which servers the host reaches.
func TestPolicyTurnsLockdownOn(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.company.Tamper(func(session *clientv1.Session) {
		session.InstanceId, session.Policy = "instance-1", &clientv1.Policy{Lockdown: true}
	})
	s.start()
	state := s.mustConnect()
	if !state.GetMachine().GetGuard().GetLockdown() || state.GetBlocking() != typesv1.Blocking_BLOCKING_ALL {
		t.Errorf("connected under lockdown the state is %v, %v", state.GetBlocking(), state.GetMachine().GetGuard())
	}
	if text, err := page(); err != nil || !strings.Contains(text, tunneltest.PortalText) {
		t.Fatalf("the intranet is not reached: %v %q", err, text)
	}
	if said := s.lockdown("status"); said["on"] != true || said["by"] != "LOCKDOWN_BY_POLICY" {
		t.Errorf("%v", said)
	}
	for _, c := range []struct{ method, body string }{{"SetLockdown", `{}`}, {"SetLockdown", `{"on":true}`}, {"OpenPortal", `{}`}} {
		if said := s.as(stranger, c.method, c.body); !strings.Contains(said, "permission_denied") {
			t.Errorf("%s %s by another user: %s", c.method, c.body, said)
		}
	}
	if said := s.as(stranger, "GetLockdown", `{}`); !strings.Contains(said, `"on":true`) || strings.Contains(said, "reachable") {
		t.Errorf("another user gets %s", said)
	}
	if said := s.as(stranger, "OpenPortal", `{"duration":"301s"}`); !strings.Contains(said, "invalid_argument") {
		t.Errorf("a portal exception that is too long: %s", said)
	}
	s.mustDisconnect()
	if said := s.lockdown("status"); said["on"] != true {
		t.Error("lockdown ended with the session")
	}
	if text, err := os.ReadFile(filepath.Join(s.run, "blocking")); err != nil || !strings.Contains(string(text), `"holds":"all"`) {
		t.Errorf("%s %v", text, err)
	}
	s.lockdown("off")
	s.mustConnect()
	if said := s.lockdown("status"); said["on"] != false {
		t.Error("lockdown came back although it was turned off")
	}
	s.mustLeave()
}
