package killswitch

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/nft"
)

const mark = marks.TunnelTraffic

// lan makes a host with a LAN as default route, and a listener on the LAN that captures all packets.
func lan(t *testing.T) *listener {
	router := nettest.NewNamespace(t)
	for _, line := range []string{
		"link add net0 type veth peer name out netns " + router.PID(), "addr add 192.0.2.2/24 dev net0", "link set net0 up",
		"-6 addr add 2001:db8::2/64 dev net0 nodad", "addr add 10.9.9.9/32 dev lo",
		"neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev net0", "-6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev net0",
		"route add default via 192.0.2.1", "-6 route add default via 2001:db8::1",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	router.Run("ip link set out address 02:00:00:00:00:01", "ip link set out up", "ip addr add 192.0.2.1/24 dev out")
	nettest.Carries(t, "net0")
	return &listener{t: t, router: router, captured: nettest.StartCapture(t, router)}
}

type listener struct {
	t        *testing.T
	router   *nettest.Namespace
	captured *nettest.Capture
}

// heard returns the packets to an address that arrived since the last call. A marker packet, which is never dropped, shows that
// all earlier ones have arrived.
func (l *listener) heard(to netip.Addr) (packets [][]byte) {
	l.t.Helper()
	marker := netip.MustParseAddr("198.51.100.99")
	_ = send(l.t, marker, 9, "marker")
	for _, packet := range l.captured.Until(marker) {
		if nettest.Destination(packet) == to {
			packets = append(packets, packet)
		}
	}
	return packets
}

// send sends one datagram, and returns the error of the system call.
func send(t *testing.T, to netip.Addr, port int, text string, controls ...func(fd int)) error {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, uint16(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	raw, _ := conn.SyscallConn()
	for _, control := range controls {
		_ = raw.Control(func(fd uintptr) { control(int(fd)) })
	}
	_, err = conn.Write([]byte(text))
	return err
}

func marked(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark) }

func bound(fd int) { _ = unix.BindToDevice(fd, "net0") }

var (
	endpoint  = netip.MustParseAddrPort("203.0.113.7:51820")
	endpoint6 = netip.MustParseAddrPort("[2001:db8:7::7]:51820")
)

func spec() Config {
	return Config{
		Link: "sag0", TunnelAddrs: []netip.Addr{netip.MustParseAddr("10.9.9.9")},
		Tunneled:     []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd12::/48"), netip.MustParsePrefix("172.16.0.0/12")},
		Endpoints:    []permit.Endpoint{permit.At(permit.UDP, endpoint), permit.At(permit.UDP, endpoint6)},
		Cloud:        []permit.Endpoint{permit.At(permit.TCP, netip.MustParseAddrPort("10.200.0.1:443"))},
		LinkServices: []Net{{Prefix: netip.MustParsePrefix("10.1.2.1/32"), Link: "net0"}},
	}
}

func apply(t *testing.T, s Config) {
	t.Helper()
	if err := System().Set(s); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("nft", "list", "ruleset").CombinedOutput(); err != nil || strings.Contains(string(out), "rror") {
		t.Fatalf("nft can not list it: %v\n%s", err, out)
	}
}

func TestDroppedAndPermittedPackets(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	before := nettest.Run(t, "nft", "-s", "list", "ruleset")
	apply(t, spec())
	for _, c := range []struct {
		name    string
		to      string
		port    int
		how     []func(int)
		outside bool
	}{
		{"intranet", "10.80.0.5", 4000, nil, false},
		{"intranet, last address of a prefix", "172.31.255.255", 4000, nil, false},
		{"after the last address of a prefix", "172.32.0.0", 4000, nil, true},
		{"intranet, IPv6", "fd12::5", 4000, nil, false},
		// TunnelCrack LocalNet, TunnelVision (CVE-2024-3661): for any routes, and any link that a program binds to.
		{"intranet, by a link that was chosen", "10.80.0.5", 4000, []func(int){bound}, false},
		{"intranet, with the engine's mark", "10.80.0.5", 4000, []func(int){marked}, false},
		{"something else", "198.51.100.7", 4000, nil, true},
		{"something else, IPv6", "2001:db8:9::1", 4000, nil, true},
		{"the link's resolver", "10.1.2.1", 53, nil, true},
		{"the link's DHCP server", "10.1.2.1", 67, nil, true},
		{"another port of the link's gateway", "10.1.2.1", 80, nil, false},
		{"the cloud by UDP", "10.200.0.1", 443, nil, false},
		// MUL-02-002: only the engine reaches the access point outside the tunnel.
		{"an access point, by the engine", endpoint.Addr().String(), int(endpoint.Port()), []func(int){marked}, true},
		{"an access point, by another program", endpoint.Addr().String(), int(endpoint.Port()), nil, false},
		{"an access point, IPv6, by the engine", endpoint6.Addr().String(), int(endpoint6.Port()), []func(int){marked}, true},
		{"an access point, IPv6, by another program", endpoint6.Addr().String(), int(endpoint6.Port()), nil, false},
		{"another port of an access point's host", endpoint.Addr().String(), 443, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := netip.MustParseAddr(c.to)
			failed := send(t, to, c.port, "x", c.how...)
			if left := len(l.heard(to)) > 0; left != c.outside {
				t.Errorf("left: %v", left)
			}
			if !c.outside && !errors.Is(failed, unix.EHOSTUNREACH) {
				// The kernel reports the refusal as an ICMP error, which the next call would return.
				t.Logf("the sender got %v", failed)
			}
		})
	}
	found, err := System().Status()
	if err != nil || found.Digest != spec().Digest() || found.Dropped < 8 {
		t.Errorf("%+v %v", found, err)
	}
	if undone, err := System().Clear(Config{FoundDigest: "another"}); undone || err != nil {
		t.Error("clearing another config removed this kill switch")
	}
	if undone, err := System().Clear(spec()); !undone || err != nil {
		t.Error(undone, err)
	}
	if after := nettest.Run(t, "nft", "-s", "list", "ruleset"); after != before {
		t.Fatal(nettest.Difference(before, after))
	}
	if send(t, netip.MustParseAddr("10.80.0.5"), 4000, "x") != nil || len(l.heard(netip.MustParseAddr("10.80.0.5"))) != 1 {
		t.Error("without a kill switch it should leave")
	}
}

// asNobody is set in a process that sends one marked datagram as another user with CAP_NET_ADMIN.
const asNobody = "SAG_TEST_AS_NOBODY"

// MUL-02-002: the mark alone is not enough; the socket must belong to root.
func TestMarkRequiresRoot(t *testing.T) {
	if os.Getenv(asNobody) != "" {
		_ = send(t, endpoint.Addr(), int(endpoint.Port()), "x", func(fd int) {
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark); err != nil {
				t.Fatal(err)
			}
		})
		return
	}
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	program := nettest.Again(t, asNobody+"=1")
	program.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, AmbientCaps: []uintptr{unix.CAP_NET_ADMIN}, Pdeathsig: syscall.SIGKILL,
	}
	// The test binary is in a directory that only root can access.
	binary, err := os.ReadFile(program.Path)
	copied := fmt.Sprintf("/tmp/sag-killswitch-%d", os.Getpid())
	if err == nil {
		err = os.WriteFile(copied, binary, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(copied) })
	program.Path, program.Dir = copied, "/"
	run := func(t *testing.T) int {
		again := *program
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return len(l.heard(endpoint.Addr()))
	}
	if run(t) != 1 {
		t.Fatal("without a kill switch it should leave")
	}
	apply(t, spec())
	if run(t) != 0 {
		t.Error("it left")
	}
}

// Within seconds instead of minutes: with IPv6 the kernel notices its own refusal at the first retransmission, after a second.
func TestConnectionsAreRefusedQuickly(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	apply(t, spec())
	for _, to := range []string{"10.80.0.5:80", "[fd12::5]:80", "10.1.2.1:80"} {
		start := time.Now()
		conn, err := net.DialTimeout("tcp", to, 5*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, unix.EHOSTUNREACH) || time.Since(start) > 3*time.Second {
			t.Errorf("%s: %v after %v", to, err, time.Since(start))
		}
	}
}

// CVE-2019-14899: the inner address cannot be detected from the LAN.
func TestInnerAddressesAreNotReachableFromTheLAN(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	inner, err := net.ListenPacket("udp4", "10.9.9.9:5000")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	l.router.Run("ip route add 10.9.9.9/32 via 192.0.2.2")
	knock := func(patience time.Duration) bool {
		l.router.Do(func() { _ = send(t, netip.MustParseAddr("10.9.9.9"), 5000, "x") })
		_ = inner.SetReadDeadline(time.Now().Add(patience))
		_, _, err := inner.ReadFrom(make([]byte, 16))
		return err == nil
	}
	if !knock(10 * time.Second) {
		t.Fatal("not received without a kill switch")
	}
	apply(t, spec())
	if knock(300 * time.Millisecond) {
		t.Error("it was received")
	}
}

func TestChangesByOthersAreDetected(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	for _, hand := range []string{"flush ruleset", "delete table inet sag-tunnel", "flush chain inet sag-tunnel output", "insert rule inet sag-tunnel tunneled accept", "flush chain inet sag-tunnel made", "add table inet sag-tunnel { flags dormant; }"} {
		apply(t, spec())
		nettest.Run(t, "nft", hand)
		found, err := System().Status()
		if err != nil || found != nil && found.Digest != nft.Damaged {
			t.Errorf("after %q: %+v, %v", hand, found, err)
		}
		apply(t, spec())
		if found, _ := System().Status(); found == nil || found.Digest != spec().Digest() {
			t.Errorf("not restored after %q", hand)
		}
	}
	other := spec()
	other.Tunneled = other.Tunneled[:1]
	apply(t, other)
	if found, _ := System().Status(); found.Digest != other.Digest() {
		t.Error("not replaced")
	}
}
