package peercred

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// TestMain also acts as the other user's process: if requested by the environment, it connects or sends, prints its
// address, and waits for the end of its input.
func TestMain(m *testing.M) {
	network, to, ok := strings.Cut(os.Getenv("OWNER_TEST_CONNECT"), " ")
	if !ok {
		os.Exit(m.Run())
	}
	conn, err := net.Dial(network, to)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_, _ = conn.Write([]byte("x"))
	fmt.Println(conn.LocalAddr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// stranger starts a process of another user that connects, and returns its address.
func stranger(t *testing.T, network string, to net.Addr) netip.AddrPort {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not run: a process of another user needs root")
	}
	// Another user may not be able to read the directory of the test binary.
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "owner-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(dir+"/stranger", program, 0o755)); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(dir + "/stranger")
	command.Dir = "/"
	command.Env = []string{"OWNER_TEST_CONNECT=" + network + " " + to.String()}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = command.Wait() })
	var text string
	if _, err := fmt.Fscanln(stdout, &text); err != nil {
		t.Fatal(err)
	}
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestTCP(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		listener, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		port := listener.Addr().(*net.TCPAddr).Port
		to := listener.Addr()
		if at == ":0" { // an IPv4 client of an IPv6 socket
			to = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		}
		conn, err := net.Dial("tcp", to.String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		client, server := accepted.RemoteAddr().(*net.TCPAddr).AddrPort(), accepted.LocalAddr().(*net.TCPAddr).AddrPort()
		if uid, err := System().TCP(client, server); err != nil || uid != uint32(os.Geteuid()) {
			t.Errorf("%s: own connection: %d %v", at, uid, err)
		}
		if e, err := ask(plain(client), plain(server)); err != nil || e.uid != uint32(os.Geteuid()) || e.inode == 0 {
			t.Errorf("%s: sock_diag: %+v %v", at, e, err)
		}
		if e, err := ask(plain(server), netip.AddrPortFrom(plain(client).Addr(), 1)); !errors.Is(err, errNotFound) && !errors.Is(err, syscall.ENOENT) {
			t.Errorf("%s: the listener was returned as a connection: %+v %v", at, e, err)
		}
		_ = conn.Close()
		if uid, err := System().TCP(client, server); err == nil {
			t.Errorf("%s: a closed connection belongs to %d", at, uid)
		}
		_ = accepted.Close()
		from := stranger(t, "tcp", to)
		if uid, err := System().TCP(from, server); err != nil || uid != nobody {
			t.Errorf("%s: a stranger's connection: %d %v", at, uid, err)
		}
		theirs, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if plain(theirs.RemoteAddr().(*net.TCPAddr).AddrPort()) != plain(from) || (Guard{Table: System(), UID: uint32(os.Geteuid())}).TCP(theirs) {
			t.Errorf("%s: another user is admitted", at)
		}
		_ = theirs.Close()
	}
}

// A connection that was reset is refused, even if a program of this user has its address and port by now.
func TestConnectionThatWasReset(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	accepted := func() net.Conn {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	// No other test's connection has a port of this address.
	local := &net.TCPAddr{IP: net.IPv4(127, 83, 71, 104)}
	first, err := (&net.Dialer{LocalAddr: local}).Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	former := accepted()
	_ = first.(*net.TCPConn).SetLinger(0)
	_ = first.Close()
	second, err := (&net.Dialer{LocalAddr: first.LocalAddr()}).Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	now := accepted()
	if former.RemoteAddr().String() != now.RemoteAddr().String() {
		t.Fatal("the second connection has another port")
	}
	guard := Guard{Table: System(), UID: uint32(os.Geteuid())}
	if guard.TCP(former) {
		t.Error("the former connection counts as the present one")
	}
	if !guard.TCP(now) {
		t.Error("the present connection is refused")
	}
}

// A client may use a dual-stack socket to connect by IPv4, as all Java programs do.
func TestTCPOfBothFamilies(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	server := listener.Addr().(*net.TCPAddr).AddrPort()
	// sock_diag's "not found" is trusted from the second connection on.
	for range 2 {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Skip("not run: this machine has no IPv6:", err)
		}
		to := &unix.SockaddrInet6{Port: int(server.Port()), Addr: [16]byte(net.IPv4(127, 0, 0, 1).To16())}
		if err := errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0), unix.Connect(fd, to)); err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		client := accepted.RemoteAddr().(*net.TCPAddr).AddrPort()
		if e, err := ask(plain(client), plain(server)); err != nil || e.uid != uint32(os.Geteuid()) || e.inode == 0 {
			t.Errorf("sock_diag: %+v %v", e, err)
		}
		if uid, err := System().TCP(client, server); err != nil || uid != uint32(os.Geteuid()) {
			t.Errorf("own connection: %d %v", uid, err)
		}
		_ = accepted.Close()
		_ = unix.Close(fd)
	}
}

// sock_diag does not find a socket that is bound to an interface by addresses alone; it is found in the list.
func TestTCPBoundToInterface(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = syscall.SetsockoptString(int(fd), syscall.SOL_SOCKET, syscall.SO_BINDTODEVICE, "lo")
		})
		return errors.Join(err, failed)
	}}
	conn, err := dialer.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client, server := conn.LocalAddr().(*net.TCPAddr).AddrPort(), listener.Addr().(*net.TCPAddr).AddrPort()
	if uid, err := System().TCP(client, server); err != nil || uid != uint32(os.Geteuid()) {
		t.Errorf("%d %v", uid, err)
	}
}

// Every connection through the proxy waits for this lookup. Reading the list took 12 ms on a host with 25 GB of memory.
func BenchmarkTCP(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client, server := conn.LocalAddr().(*net.TCPAddr).AddrPort(), listener.Addr().(*net.TCPAddr).AddrPort()
	for b.Loop() {
		if _, err := System().TCP(client, server); err != nil {
			b.Fatal(err)
		}
	}
}

func TestUDP(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	unbound, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unbound.Close() }()
	to := server.LocalAddr().(*net.UDPAddr).AddrPort()
	own := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(unbound.LocalAddr().(*net.UDPAddr).Port))
	datagrams := Guard{Table: System(), UID: uint32(os.Geteuid())}.Datagrams(to)
	defer datagrams.Close()
	if !datagrams.Admit(own, time.Now()) {
		t.Error("the user's own socket is refused")
	}
	if datagrams.Admit(stranger(t, "udp", server.LocalAddr()), time.Now()) {
		t.Error("another user is admitted")
	}
	if datagrams.Admit(netip.MustParseAddrPort("127.0.0.1:1"), time.Now()) {
		t.Error("a socket without an owner is admitted")
	}
}

// counted is a table that counts how often the list of all sockets is read.
type counted struct {
	Table
	lists int
}

func (c *counted) UDP(client netip.AddrPort) (uint32, error) {
	c.lists++
	return c.Table.UDP(client)
}

// Datagrams of other users must not make this process read the list of all sockets for each of them.
func TestOtherUsersDatagramsReadNoList(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	from, to := stranger(t, "udp", server.LocalAddr()), server.LocalAddr().(*net.UDPAddr).AddrPort()
	table := &counted{Table: System()}
	datagrams := Guard{Table: table, UID: uint32(os.Geteuid())}.Datagrams(to)
	defer datagrams.Close()
	for range 100 {
		if datagrams.Admit(from, time.Now()) {
			t.Fatal("another user is admitted")
		}
	}
	if table.lists > 0 {
		t.Errorf("the list was read %d times", table.lists)
	}
}

func TestParse(t *testing.T) {
	e, ok := parse([]byte("   1: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 42 1 0000000000000000 20 4 30 10 -1"))
	want := entry{
		local: netip.MustParseAddrPort("127.0.0.1:8080"), remote: netip.MustParseAddrPort("127.0.0.2:50000"), uid: 1000, inode: 42,
	}
	if !ok || e != want {
		t.Errorf("%v %v", e, ok)
	}
	e, ok = parse([]byte(" 2: 0000000000000000FFFF00000100007F:0050 00000000000000000000000001000000:0001 01 0:0 0:0 0 7 0 9 x"))
	if !ok || e.local != netip.MustParseAddrPort("127.0.0.1:80") || e.remote != netip.MustParseAddrPort("[::1]:1") || e.uid != 7 {
		t.Errorf("%v %v", e, ok)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("   1: 0100007F:1F90 0200007F:C350 01 0:0 0:0 0  1000        0 42"))
	f.Add([]byte("sl local_address rem_address st"))
	f.Fuzz(func(_ *testing.T, line []byte) { parse(line) })
}

func TestSender(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		server, err := net.ListenPacket("udp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = server.Close() }()
		to := server.LocalAddr().(*net.UDPAddr)
		connected, err := net.DialUDP("udp", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		wildcard, err := net.ListenUDP("udp", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = wildcard.Close() }()
		fromWildcard := netip.AddrPortFrom(to.AddrPort().Addr(), uint16(wildcard.LocalAddr().(*net.UDPAddr).Port))
		for name, from := range map[string]netip.AddrPort{"connected": connected.LocalAddr().(*net.UDPAddr).AddrPort(), "not connected": fromWildcard} {
			if e, err := new(kernel).askUDP(plain(from), plain(to.AddrPort())); err != nil || e.inode == 0 || e.uid != uint32(os.Geteuid()) {
				t.Errorf("%s, %s: sock_diag: %+v %v", at, name, e, err)
			}
		}
		from := connected.LocalAddr().(*net.UDPAddr).AddrPort()
		_ = connected.Close()
		if uid, err := Sender(from, to.AddrPort()); err == nil {
			t.Errorf("%s: a closed socket belongs to %d", at, uid)
		}
		if uid, err := Sender(stranger(t, "udp", to), to.AddrPort()); err != nil || uid != nobody {
			t.Errorf("%s: a stranger's: %d %v", at, uid, err)
		}
	}
}

// sock_diag finds a socket that is bound to loopback, and a closed socket does not cause a read of the list.
func TestLoopbackBoundAndClosedSockets(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var bound error
		return errors.Join(raw.Control(func(fd uintptr) {
			bound = syscall.SetsockoptString(int(fd), syscall.SOL_SOCKET, syscall.SO_BINDTODEVICE, "lo")
		}), bound)
	}}
	conn, err := dialer.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client, server := conn.LocalAddr().(*net.TCPAddr).AddrPort(), listener.Addr().(*net.TCPAddr).AddrPort()
	if e, err := ask(client, server); err != nil || e.uid != uint32(os.Geteuid()) {
		t.Errorf("bound: %+v %v", e, err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	if uid, err := (proc{dir: "/nowhere"}).TCP(client, server); !errors.Is(err, ErrUnknown) {
		t.Errorf("closed: %d %v", uid, err)
	}
	if !answers.tcp.Load() {
		t.Error("the list would be read for every closed connection")
	}
}
