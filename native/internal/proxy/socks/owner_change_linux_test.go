package socks

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/proxytest"
)

const nobody = 65534

// TestMain also acts as another user's process: it takes a port, sends a datagram from it if there is one to send, and at
// the end of its input prints what it has received.
func TestMain(m *testing.M) {
	var local, relay, text string
	if n, _ := fmt.Sscan(os.Getenv("SOCKS_TEST_STRANGER"), &local, &relay, &text); n < 2 {
		os.Exit(m.Run())
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(local)))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if text != "" {
		_, err = conn.WriteToUDPAddrPort(toInner(text), netip.MustParseAddrPort(relay))
	}
	fmt.Println("ready", err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	buffer := make([]byte, datagramLimit)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		fmt.Printf("received %q\n", buffer[:n])
	}
}

// stranger starts such a process. The returned function ends it and returns what it has received.
func stranger(t *testing.T, local, relay netip.AddrPort, text string) func() string {
	t.Helper()
	// Another user may not be able to read the directory of the test binary.
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "socks-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(dir+"/stranger", program, 0o755)); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(dir + "/stranger")
	command.Dir = "/"
	command.Env = []string{fmt.Sprintf("SOCKS_TEST_STRANGER=%s %s %s", local, relay, text)}
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
	lines := bufio.NewReader(stdout)
	if line, err := lines.ReadString('\n'); err != nil || line != "ready <nil>\n" {
		t.Fatalf("%q %v", line, err)
	}
	return func() string {
		_ = stdin.Close()
		rest, _ := io.ReadAll(lines)
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
		return string(rest)
	}
}

// toInner is a datagram for a host in the intranet.
func toInner(text string) []byte {
	return append([]byte{0, 0, 0, typeIPv4, 10, 0, 0, 1, 0, 53}, text...)
}

// recorded is an intranet whose datagrams the test reads and answers.
type recorded struct {
	refusing
	arrived chan string
	// answers has no buffer, so that sending "" waits until the answer before it has been handled.
	answers chan string
}

func (r *recorded) ListenPacket(bool) (net.PacketConn, error) { return &recordedConn{r: r}, nil }

type recordedConn struct {
	net.PacketConn
	r *recorded
}

func (c *recordedConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	c.r.arrived <- string(b)
	return len(b), nil
}

func (c *recordedConn) ReadFrom(b []byte) (int, net.Addr, error) {
	text, ok := "", true
	for text == "" && ok {
		text, ok = <-c.r.answers
	}
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, text), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 53}, nil
}

func (*recordedConn) Close() error { return nil }

// associated opens an association of this user through the real table of sockets, and returns its relay.
func associated(t testing.TB, network dialer.Network) netip.AddrPort {
	t.Helper()
	current := dialer.Intranet{Policy: proxytest.Policy(), Network: network}
	server := New(dialer.NewDialer(func() dialer.Intranet { return current }, proxytest.NoSearch),
		peercred.Guard{Table: peercred.System(), UID: uint32(os.Geteuid())}, slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Close)
	control, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = control.Close() })
	_ = control.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := control.Write([]byte{version5, 1, methodNone, version5, byte(UDPAssociate), 0, typeIPv4, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	if _, err := io.ReadFull(control, answer); err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(answer[6:10])), uint16(answer[10])<<8|uint16(answer[11]))
}

// own opens a socket of this user; port 0 = any free one.
func own(t *testing.T, port uint16) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, from *net.UDPConn, relay netip.AddrPort, text string) {
	t.Helper()
	if _, err := from.WriteToUDPAddrPort(toInner(text), relay); err != nil {
		t.Fatal(err)
	}
}

func arrives(t *testing.T, r *recorded, want string) {
	t.Helper()
	select {
	case got := <-r.arrived:
		if got != want {
			t.Fatalf("the intranet got %q instead of %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%q did not arrive", want)
	}
}

// Once the user's socket is closed, another user can have its port: the other user's datagrams are refused, and answers to
// the user are not delivered there, from the first one on.
func TestAnotherUserTakesThePort(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: a process of another user needs root")
	}
	intranet := &recorded{arrived: make(chan string, 16), answers: make(chan string)}
	t.Cleanup(func() { close(intranet.answers) })
	relay := associated(t, intranet)
	other := own(t, 0)
	for _, text := range []string{"stolen", ""} {
		mine := own(t, 0)
		port := mine.LocalAddr().(*net.UDPAddr).AddrPort()
		send(t, mine, relay, "mine")
		arrives(t, intranet, "mine")
		_ = mine.Close()
		end := stranger(t, port, relay, text)
		// The intranet's answer to the closed socket.
		intranet.answers <- "secret"
		intranet.answers <- ""
		// Datagrams are handled in their order, so the stranger's was handled before this one.
		send(t, other, relay, "later")
		arrives(t, intranet, "later")
		intranet.answers <- "for the other socket"
		buffer := make([]byte, datagramLimit)
		_ = other.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := other.Read(buffer)
		if err != nil || !strings.HasSuffix(string(buffer[:n]), "for the other socket") {
			t.Fatalf("%q %v", buffer[:n], err)
		}
		if got := end(); got != "" {
			t.Errorf("another user %s", got)
		}
		// The port is the user's own again: its new socket is served.
		again := own(t, port.Port())
		send(t, again, relay, "again")
		arrives(t, intranet, "again")
		_ = again.Close()
	}
}
