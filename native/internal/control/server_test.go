//go:build linux

package control

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/change"
)

// idle is a tunnel that does nothing.
type idle struct {
	changes chan change.Change
	done    chan struct{}
}

func (idle) Prepare(string) (string, []byte, error) { return "attempt", make([]byte, 32), nil }
func (idle) Start(*tunnelv1.StartRequest) (*tunnelv1.State, error) {
	return nil, failure.New(typesv1.Cause_CAUSE_PORT_IN_USE, "taken")
}
func (idle) Stop(context.Context, string) (*tunnelv1.State, error) { return state(), nil }
func (idle) State(context.Context, bool) (*tunnelv1.State, error)  { return state(), nil }
func (i idle) Watch() (change.Change, <-chan change.Change, func()) {
	return change.Change{Revision: 1, State: state()}, i.changes, func() {}
}
func (idle) Attend() func()          { return func() {} }
func (i idle) Done() <-chan struct{} { return i.done }

func state() *tunnelv1.State {
	return &tunnelv1.State{IntranetId: "a1b2", Phase: typesv1.Phase_PHASE_DISCONNECTED}
}

func serve(t *testing.T) (path string, i idle) {
	t.Helper()
	i = idle{changes: make(chan change.Change, 4), done: make(chan struct{})}
	dir := t.TempDir()
	server, err := Listen(dir, Handler(i, "1.2.3"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve() }()
	t.Cleanup(func() {
		server.Shutdown(100 * time.Millisecond)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(server.Path()); !os.IsNotExist(err) {
			t.Error("the socket is still there")
		}
	})
	return server.Path(), i
}

func caller(path string) tunnelv1connect.TunnelServiceClient {
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	return tunnelv1connect.NewTunnelServiceClient(&http.Client{Transport: transport}, "http://sag-tunnel")
}

func alive(t *testing.T, path string) {
	t.Helper()
	r, err := caller(path).GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if err != nil || len(r.Msg.GetStates()) != 1 {
		t.Fatalf("it does not go on: %v", err)
	}
}

func TestCalls(t *testing.T) {
	path, _ := serve(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	client := caller(path)
	attached, err := client.Attach(context.Background(), connect.NewRequest(&tunnelv1.AttachRequest{Hello: &typesv1.Hello{Version: "1"}}))
	if err != nil || attached.Msg.GetHello().GetVersion() != "1.2.3" || attached.Msg.GetPid() != uint32(os.Getpid()) {
		t.Errorf("%v %v", attached, err)
	}
	_, err = client.Prepare(context.Background(), connect.NewRequest(&tunnelv1.PrepareRequest{IntranetId: "../../etc"}))
	if failure.Cause(err) != typesv1.Cause_CAUSE_INVALID_ARGUMENT {
		t.Errorf("%v", err)
	}
	_, err = client.Start(context.Background(), connect.NewRequest(&tunnelv1.StartRequest{}))
	if failure.Cause(err) != typesv1.Cause_CAUSE_INVALID_ARGUMENT {
		t.Errorf("%v", err)
	}
}

func TestWatch(t *testing.T) {
	path, i := serve(t)
	stream, err := caller(path).Watch(context.Background(), connect.NewRequest(&tunnelv1.WatchRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() || len(stream.Msg().GetSnapshot().GetStates()) != 1 || stream.Msg().GetEpoch() == 0 {
		t.Fatalf("%v %v", stream.Msg(), stream.Err())
	}
	changed := state()
	changed.Phase = typesv1.Phase_PHASE_CONNECTED
	i.changes <- change.Change{Revision: 2, State: changed}
	if !stream.Receive() || stream.Msg().GetChanged().GetPhase() != typesv1.Phase_PHASE_CONNECTED || stream.Msg().GetRevision() != 2 {
		t.Fatalf("%v %v", stream.Msg(), stream.Err())
	}
	i.changes <- change.Change{Revision: 3, State: state()}
	close(i.done)
	if !stream.Receive() || stream.Msg().GetRevision() != 3 {
		t.Fatalf("what was said last was not told: %v", stream.Err())
	}
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("%v", stream.Err())
	}
}

func TestHostileCallers(t *testing.T) {
	path, _ := serve(t)
	post := func(method, contentType, body string) (int, string) {
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Post("http://x/sag.tunnel.v1.TunnelService/"+method, contentType, strings.NewReader(body))
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = r.Body.Close() }()
		text, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(text)
	}
	for _, c := range []struct {
		name, method, contentType, body string
		status                          int
	}{
		{"unknown method", "Explode", "application/json", "{}", 404},
		{"unknown field", "GetStates", "application/json", `{"exec":"sh"}`, 200},
		{"not JSON", "GetStates", "application/json", `{"probe":`, 400},
		{"cut protobuf", "Prepare", "application/proto", "\x0a\x20ab", 400},
		{"other content", "GetStates", "text/plain", "x", 415},
		{"too large", "Prepare", "application/json", `{"intranetId":"` + strings.Repeat("a", 300<<10) + `"}`, 429},
		{"nothing at all", "Prepare", "application/json", ``, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, text := post(c.method, c.contentType, c.body); status != c.status || strings.Contains(text, "goroutine") {
				t.Errorf("%d %s", status, text)
			}
			alive(t, path)
		})
	}
	for name, raw := range map[string]string{
		"no HTTP":       "\x00\x01\x02\x03\r\n\r\n",
		"endless line":  strings.Repeat("A", 64<<10),
		"negative size": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"half a call":   "POST /sag.tunnel.v1.TunnelService/GetStates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
			alive(t, path)
		})
	}
}

// Who sends a letter now and then is cut off, and keeps nobody waiting meanwhile.
func TestSlowCallersAreCutOff(t *testing.T) {
	header, body := headerLimit, bodyLimit
	headerLimit, bodyLimit = 300*time.Millisecond, 300*time.Millisecond
	t.Cleanup(func() { headerLimit, bodyLimit = header, body })
	path, _ := serve(t)
	const call = "POST /sag.tunnel.v1.TunnelService/Prepare HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
	for name, text := range map[string]string{"in the header": call[:20], "in the body": call} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = io.WriteString(conn, text)
			var cut atomic.Bool
			go func() {
				_, _ = io.ReadAll(conn)
				cut.Store(true)
			}()
			start := time.Now()
			for !cut.Load() {
				if time.Since(start) > 5*time.Second {
					t.Fatal("it is still listened to")
				}
				alive(t, path)
				_, _ = io.WriteString(conn, " ")
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
}

func TestSharedDirectory(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		prepare func(path string) error
		want    typesv1.Cause
	}{
		"made when missing": {func(string) error { return nil }, 0},
		"there already":     {func(p string) error { return os.Mkdir(p, 0o755) }, 0},
		"writable by others": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o777), os.Chmod(p, 0o777))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"writable by a group": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o775), os.Chmod(p, 0o775))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"somebody else's": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chown(p, 65534, 65534))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"a link": {func(p string) error { return os.Symlink("/tmp", p) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"a file": {func(p string) error { return os.WriteFile(p, nil, 0o600) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "somebody else's" && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			path := filepath.Join(base, strings.ReplaceAll(name, " ", "-"))
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := SharedDirectory(path)
			if failure.Cause(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := SharedDirectory(path); failure.Cause(err) != typesv1.Cause_CAUSE_DATA_DIRECTORY_IN_USE {
				t.Errorf("a second one: %v", err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%v %v", info, err)
			}
			release()
		})
	}
}

func TestManyCallersWaitTheirTurn(t *testing.T) {
	path, _ := serve(t)
	var conns []net.Conn
	for range connectionLimit {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := caller(path).GetStates(ctx, connect.NewRequest(&tunnelv1.GetStatesRequest{})); err == nil {
		t.Error("one more than there may be was served")
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	alive(t, path)
}

// Root can open any socket; the server itself has to look who calls. The test's tunnel is another user's.
func TestOtherUsersAreRefused(t *testing.T) {
	handler := owned(Handler(idle{}, "1"), 12345, slog.New(slog.DiscardHandler))
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, callerKey{}, conn)
	}}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	_, err = caller(path).GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if connect.CodeOf(err) != connect.CodePermissionDenied || failure.Cause(err) != typesv1.Cause_CAUSE_NOT_PERMITTED {
		t.Errorf("%v", err)
	}
}

func TestAnotherUsersProcessCanNotOpenTheSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: a process of another user needs root")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("not run: needs curl")
	}
	path, _ := serve(t)
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil { // so that the socket's own mode is what is tested
		t.Fatal(err)
	}
	command := exec.Command(curl, "-sS", "--unix-socket", path, "http://x/sag.tunnel.v1.TunnelService/GetStates", "-H", "Content-Type: application/json", "-d", "{}")
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := command.CombinedOutput(); err == nil {
		t.Errorf("%s", out)
	}
}

func TestDirectory(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		path    string
		prepare func(path string) error
		want    typesv1.Cause
	}{
		"made when missing": {"new", func(string) error { return nil }, 0},
		"there already":     {"old", func(p string) error { return os.Mkdir(p, 0o700) }, 0},
		"readable by others": {"open", func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chmod(p, 0o755))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"a link":                  {"link", func(p string) error { return os.Symlink("/tmp", p) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"a file":                  {"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"below something missing": {"no/such", func(string) error { return nil }, typesv1.Cause_CAUSE_UNKNOWN},
		"a linked lock": {"lock", func(p string) error {
			return firstOf(os.Mkdir(p, 0o700), os.Symlink(filepath.Join(base, "victim"), filepath.Join(p, "lock")))
		}, typesv1.Cause_CAUSE_UNKNOWN},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(base, c.path)
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := Directory(path)
			if failure.Cause(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := Directory(path); failure.Cause(err) != typesv1.Cause_CAUSE_DATA_DIRECTORY_IN_USE {
				t.Errorf("a second one: %v", err)
			}
			release()
			again, err := Directory(path)
			if err != nil {
				t.Fatal(err)
			}
			again()
		})
	}
	if _, err := Directory("relative"); failure.Cause(err) != typesv1.Cause_CAUSE_NOT_A_REAL_PATH {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(base, "victim")); err == nil {
		t.Error("a link was followed")
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func FuzzHandler(f *testing.F) {
	f.Add("GetStates", "application/json", []byte(`{"probe":true}`))
	f.Add("Prepare", "application/proto", []byte("\x0a\x04a1b2"))
	f.Add("Start", "application/json", []byte(`{"attemptId":"x","intranetId":"a1b2","cloud":{"url":"https://cloud.example:1"},"session":{"sessionId":"WlpaWlpaWlpaWlpaWlpaWg==","routes":["10.0.0.0/8"],"addresses":["10.9.0.1/32"]}}`))
	f.Add("Stop", "application/connect+proto", []byte("\x0a\x04a1b2"))
	f.Add("Watch", "application/connect+json", []byte("\x00\x00\x00\x00\x02{}"))
	done := make(chan struct{})
	close(done)
	handler := Handler(idle{done: done}, "1")
	f.Fuzz(func(t *testing.T, method, contentType string, body []byte) {
		r, err := http.NewRequest(http.MethodPost, "http://x/sag.tunnel.v1.TunnelService/"+fmt.Sprintf("%x", method), bytes.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path = "/sag.tunnel.v1.TunnelService/" + method
		r.Header.Set("Content-Type", contentType)
		handler.ServeHTTP(&sink{header: http.Header{}}, r)
	})
}

// sink is where answers go that nobody reads.
type sink struct {
	header http.Header
	body   bytes.Buffer
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(b []byte) (int, error) { return s.body.Write(b) }
func (s *sink) Flush()                      {}

// A connect right after a disconnect meets the process that is leaving: its socket is gone, its lock not yet.
func TestADirectoryThatIsBeingLeftIsWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "abcd")
	release, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(5*leavingStep, release)
	next, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	next()
}
