package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

// stranger is a user that is neither root nor an administrator.
const stranger = 65534

// as makes an RPC as another user, with JSON.
func (s *site) as(uid int, method, body string) string {
	s.t.Helper()
	cmd := exec.Command("curl", "-sS", "--max-time", "5", "--unix-socket", filepath.Join(s.run, "rpc.sock"),
		"-H", "content-type: application/json", "--data-binary", "@-", "http://localhost/sag.tunnel.v1.TunnelService/"+method)
	cmd.Stdin = strings.NewReader(body)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v %s", method, err, out)
	}
	return string(out)
}

func TestOtherUsers(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	if said := s.as(stranger, "Prepare", `{"intranetId":"a1b2"}`); !strings.Contains(said, "publicKey") {
		t.Errorf("a free service must be usable by everybody, it answers %s", said)
	}
	// A prepared key that is never used does not block other users.
	for _, uid := range []int{0, stranger - 1} {
		if said := s.as(uid, "GetStates", `{}`); strings.Contains(said, "states") {
			t.Errorf("a free service is busy: %s", said)
		}
	}
	s.mustConnect()
	for _, c := range []struct{ method, body, want string }{
		{"GetStates", `{"probe":true}`, "CAUSE_IN_USE_BY_ANOTHER_USER"},
		{"Prepare", `{"intranetId":"a1b2"}`, "in use by another|another user of this computer"},
		{"Start", `{"attemptId":"x","intranetId":"a1b2","session":{},"cloud":{}}`, "code"},
		{"Stop", `{"intranetId":"a1b2"}`, "belongs to another user"},
	} {
		said := s.as(stranger, c.method, c.body)
		matched := false
		for want := range strings.SplitSeq(c.want, "|") {
			matched = matched || strings.Contains(said, want)
		}
		if !matched {
			t.Errorf("%s says %s", c.method, said)
		}
		for _, secret := range []string{"10.90.0.2", "ap-1", "10.80.0.0", "a1b2", strings.Repeat("5a", 16)} {
			if strings.Contains(said, secret) {
				t.Errorf("%s shows another user %q: %s", c.method, secret, said)
			}
		}
	}
	if said := s.as(0, "Prepare", `{"intranetId":"b2c3"}`); !strings.Contains(said, "connected to another intranet (a1b2)") {
		t.Errorf("a second intranet: %s", said)
	}
	if said := s.as(0, "GetStates", `{}`); !strings.Contains(said, "10.90.0.2") {
		t.Errorf("the owner sees %s", said)
	}
	for _, path := range []string{s.run, filepath.Join(s.state, "journal")} {
		cmd := exec.Command("sh", "-c", "touch "+path+"/x; cat "+path+"/a1b2/session "+path+"/journal")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
		out, _ := cmd.CombinedOutput()
		if strings.Count(string(out), "denied") < 2 {
			t.Errorf("in %s another user may: %s", path, out)
		}
	}
	s.mustDisconnect()
}

// A second service must not take over the first one's socket or journal.
func TestASecondService(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	out, err := s.command("service", "--json").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `"cause":"data_directory_in_use"`) {
		t.Fatalf("%v %s", err, out)
	}
	if _, err := page(); err != nil {
		t.Fatal("the first service has changed")
	}
}

// Any input gets an error response or a closed connection; the service keeps running.
func TestHostileMessages(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	big := `{"intranetId":"` + strings.Repeat("a", 300<<10) + `"}`
	for _, c := range []struct{ name, method, body, want string }{
		{"oversized", "Prepare", big, "larger than configured max|resource_exhausted"},
		{"not JSON", "Prepare", `{"intranetId":`, "invalid_argument"},
		{"unknown field", "Prepare", `{"intranetId":"a1b2","path":"/etc/shadow"}`, "publicKey|invalid_argument"},
		{"unknown method", "Format", `{}`, "404"},
		{"a path for an id", "Prepare", `{"intranetId":"../../etc"}`, "invalid_argument"},
		{"NUL in an id", "Prepare", `{"intranetId":"a1\u0000b2"}`, "invalid_argument"},
		{"hostile profile", "Start", `{"attemptId":"x","intranetId":"a1b2","cloud":{"url":"https://127.0.0.1:1"},"session":{"sessionId":"5a","routes":["0.0.0.0/0"]}}`, "invalid_argument"},
	} {
		said := s.as(0, c.method, c.body)
		matched := false
		for want := range strings.SplitSeq(c.want, "|") {
			matched = matched || strings.Contains(said, want)
		}
		if !matched {
			t.Errorf("%s: it says %.300s", c.name, said)
		}
	}
	for _, c := range []struct{ name, raw string }{
		{"truncated", "POST /sag.tunnel.v1.TunnelService/Prepare HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"},
		{"accepted a message that is not an answer", strings.Repeat("\x00\xff", 4096)},
		{"endless header", "GET / HTTP/1.1\r\nX: " + strings.Repeat("y", 64<<10)},
	} {
		conn := s.dial(t)
		_, _ = io.WriteString(conn, c.raw)
		_ = conn.(*net.UnixConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(8 * time.Second))
		if answer, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is not closed: %v %q", c.name, err, answer)
		}
		_ = conn.Close()
	}
	s.alive("after hostile messages")
}

// 500 idle connections of one user: other users are still served.
func TestFiveHundredConnections(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	var open []net.Conn
	defer func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	refused := 0
	for range 500 {
		conn := s.dial(t)
		open = append(open, conn)
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		buffer := make([]byte, 512)
		if n, _ := conn.Read(buffer); bytes.Contains(buffer[:n], []byte("too many connections")) {
			refused++
		}
		if len(open)-refused > 70 { // root has a higher limit
			t.Fatalf("%d connections of one user were accepted", len(open)-refused)
		}
	}
	if said := s.as(stranger, "GetStates", `{}`); !strings.Contains(said, "IN_USE_BY_ANOTHER_USER") {
		t.Errorf("another user gets %s", said)
	}
	for _, conn := range open {
		_ = conn.Close()
	}
	open = nil
	t.Logf("%d of 500 were refused", refused)
	s.alive("after 500 connections")
}

func (s *site) dial(t *testing.T) net.Conn {
	conn, err := net.Dial("unix", filepath.Join(s.run, "rpc.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// alive fails the test if the service does not answer, or the intranet is not reached. Slots of closed connections may take
// a moment to become free.
func (s *site) alive(when string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := s.until(ctx, typesv1.Phase_PHASE_CONNECTED)
	for connect.CodeOf(err) == connect.CodeUnavailable && ctx.Err() == nil {
		_, err = s.until(ctx, typesv1.Phase_PHASE_CONNECTED)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", when, err)
	}
	if _, err := page(); err != nil {
		s.t.Fatalf("%s: %v", when, err)
	}
}

// A watcher of a service without a tunnel calls Watch once: the stream lasts until there is a tunnel, or the service ends.
func TestWatchWithoutTunnels(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rpc, leave := s.rpc()
	defer leave()
	follow := func() (ended chan error) {
		stream, err := rpc.Watch(ctx, connect.NewRequest(&tunnelv1.WatchRequest{}))
		if err != nil || !stream.Receive() || len(stream.Msg().GetSnapshot().GetStates()) != 0 {
			t.Fatalf("%v %v", err, stream.Msg())
		}
		ended = make(chan error, 1)
		go func() {
			for stream.Receive() {
			}
			ended <- stream.Err()
		}()
		return ended
	}
	ended := follow()
	// Other calls do not end the stream.
	for range 20 {
		_ = s.as(0, "GetStates", `{}`)
	}
	select {
	case err := <-ended:
		t.Fatalf("the stream ended: %v", err)
	default:
	}
	s.mustConnect()
	if err := <-ended; err != nil {
		t.Errorf("with a tunnel the stream ends with %v", err)
	}
	s.become(typesv1.Phase_PHASE_CONNECTED)
	s.mustDisconnect()

	ended = follow()
	start := time.Now()
	s.kill(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("with the service the stream ends with %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a watcher delayed the service's end by %v", took)
	}
}
