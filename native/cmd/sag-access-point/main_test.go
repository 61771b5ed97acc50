package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/fakecloud"
	"sag.software/native/internal/engine"
)

// TestMain lets the test binary act as the program, so that tests use a real process with real signals.
func TestMain(m *testing.M) {
	if os.Getenv("SAG_TEST_RUN_MAIN") == "1" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

const (
	sessionID    = "0123456789abcdef0123456789abcdef"
	probeAddress = "fd00:5a9:0:ffff::1"
)

type process struct {
	*exec.Cmd
	ready  readyLine
	stdout *bufio.Reader
	stderr *bytes.Buffer
}

type readyLine struct {
	Ready    bool   `json:"ready"`
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	PID      int    `json:"pid"`
}

func launch(t *testing.T, stdin string, arguments ...string) *process {
	t.Helper()
	p := prepare(stdin, arguments...)
	p.begin(t)
	return p
}

func prepare(stdin string, arguments ...string) *process {
	p := &process{Cmd: exec.Command(os.Args[0], append([]string{"run"}, arguments...)...), stderr: &bytes.Buffer{}}
	p.Env = append(os.Environ(), "SAG_TEST_RUN_MAIN=1")
	p.Stdin = strings.NewReader(stdin)
	p.Stderr = p.stderr
	return p
}

func (p *process) begin(t *testing.T) {
	t.Helper()
	out, err := p.StdoutPipe()
	must(t, err)
	p.stdout = bufio.NewReader(out)
	must(t, p.Start())
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
		if t.Failed() {
			t.Logf("standard error:\n%s", p.stderr)
		}
	})
}

func (p *process) waitReady(t *testing.T) {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	must(t, err)
	must(t, json.Unmarshal([]byte(line), &p.ready))
	if !p.ready.Ready || p.ready.PID != p.Process.Pid || p.ready.ID == "" {
		t.Fatalf("ready line: %s", line)
	}
}

func (p *process) terminate(t *testing.T) {
	t.Helper()
	must(t, p.Process.Signal(syscall.SIGTERM))
	if err := p.Wait(); err != nil {
		t.Fatalf("after SIGTERM: %v", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c *fakeclient.Client) (string, error) {
	t.Helper()
	response, err := c.HTTP().Get("http://10.0.0.80:80/")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// portal is a web server on a Unix socket, which the host's network cannot reach.
func portal(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.sock")
	listener, err := net.Listen("unix", path)
	must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "welcome inside")
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return path
}

func TestAccessPointLifecycle(t *testing.T) {
	cloud := fakecloud.New(t, probeAddress)
	directory := filepath.Join(t.TempDir(), "state")
	arguments := []string{
		"--cloud", cloud.URL(), "--pin", cloud.Pin(), "--state", directory, "--listen", "127.0.0.1:0",
		"--name", "near", "--publish", "10.0.0.80:80=unix:" + portal(t), "--json",
	}
	p := launch(t, fakecloud.Token+"\n", append(arguments, "--token-stdin")...)
	p.waitReady(t)
	registered := <-cloud.Registered
	if registered.GetDescription().GetName() != "near" {
		t.Fatalf("described as %v", registered.GetDescription())
	}
	c := fakeclient.New(t, sessionID, "10.9.0.2", "fd00:5a9::2")
	cloud.WaitAck(t, cloud.Upsert(c.Peer(time.Hour, "10.0.0.0/16")))
	c.Connect(t, engine.Key(registered.GetDescription().GetPublicKey()), p.ready.Endpoint)
	body, err := get(t, c)
	must(t, err)
	if body != "welcome inside" {
		t.Fatalf("got %q", body)
	}

	// Killed and restarted without a token, it keeps identity, key and port, and gets the session from the snapshot.
	must(t, p.Process.Kill())
	_ = p.Wait()
	again := launch(t, "", arguments...)
	again.waitReady(t)
	if again.ready.Endpoint != p.ready.Endpoint || again.ready.ID != p.ready.ID {
		t.Fatalf("came back as %+v, was %+v", again.ready, p.ready)
	}
	must(t, c.Device.ForceHandshake(c.Point))
	if _, err := get(t, c); err != nil {
		t.Fatalf("after the restart: %v", err)
	}

	// The session is removed, and its last counters are reported at an orderly end.
	cloud.WaitAck(t, cloud.Remove(sessionID))
	again.terminate(t)
	report := <-cloud.Reports
	if len(report.GetCounters()) != 1 || report.GetCounters()[0].GetRxBytes() == 0 || report.GetCounters()[0].GetTxBytes() == 0 {
		t.Fatalf("last report: %v", report)
	}
}

func TestSecondProcessOnTheStateDirectory(t *testing.T) {
	cloud := fakecloud.New(t, probeAddress)
	directory := filepath.Join(t.TempDir(), "state")
	arguments := []string{"--cloud", cloud.URL(), "--pin", cloud.Pin(), "--state", directory, "--listen", "127.0.0.1:0", "--token-stdin", "--json"}
	launch(t, fakecloud.Token, arguments...).waitReady(t)
	expectFailure(t, launch(t, fakecloud.Token, arguments...), "data_directory_in_use")
}

// Behind an elastic IP the host does not have the address that clients use.
func TestAdvertisedEndpoints(t *testing.T) {
	cloud := fakecloud.New(t, probeAddress)
	p := launch(t, fakecloud.Token, "--cloud", cloud.URL(), "--pin", cloud.Pin(), "--state", filepath.Join(t.TempDir(), "state"),
		"--listen", "0.0.0.0:0", "--advertise", "vpn.example.com:51820", "--advertise", "[2001:db8::1]:51820", "--token-stdin", "--json")
	p.waitReady(t)
	if p.ready.Endpoint != "vpn.example.com:51820" {
		t.Fatalf("advertised %s", p.ready.Endpoint)
	}
	p.terminate(t)
}

func TestStartFailures(t *testing.T) {
	cloud := fakecloud.New(t, probeAddress)
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	wrongPin := "sha256/" + strings.Repeat("A", 43)
	for _, test := range []struct {
		name, cause, token string
		change             map[string]string
	}{
		{"wrong token", "bad_credentials", "not the right token", nil},
		{"no token", "bad_credentials", "", nil},
		{"wrong pin", "instance_identity_changed", fakecloud.Token, map[string]string{"--pin": wrongPin}},
		{"no pin, and no authority", "instance_identity_unknown", fakecloud.Token, map[string]string{"--pin": ""}},
		{"port taken", "port_in_use", fakecloud.Token, map[string]string{"--listen": taken.LocalAddr().String()}},
		{"not an address of this machine", "invalid_argument", fakecloud.Token, map[string]string{"--listen": "192.0.2.1:51820"}},
		{"malformed pin", "invalid_argument", fakecloud.Token, map[string]string{"--pin": "x"}},
		{"malformed cloud", "invalid_argument", fakecloud.Token, map[string]string{"--cloud": "http://127.0.0.1"}},
		{"malformed publication", "invalid_argument", fakecloud.Token, map[string]string{"--publish": "10.0.0.80=127.0.0.1:80"}},
		{"unknown mode", "invalid_argument", fakecloud.Token, map[string]string{"--mode": "magic"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := map[string]string{
				"--cloud": cloud.URL(), "--pin": cloud.Pin(), "--state": filepath.Join(t.TempDir(), "state"), "--listen": "127.0.0.1:0",
			}
			for name, value := range test.change {
				flags[name] = value
			}
			arguments := []string{"--json", "--token-stdin"}
			for name, value := range flags {
				if value != "" {
					arguments = append(arguments, name, value)
				}
			}
			expectFailure(t, launch(t, test.token, arguments...), test.cause)
		})
	}
}

// A state directory that cannot be used is named, with a cause and what to do about it.
func TestUnusableStateDirectory(t *testing.T) {
	cloud := fakecloud.New(t, probeAddress)
	write := func(path, content string) {
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(content), 0o600))
	}
	for _, test := range []struct {
		name, cause string
		prepare     func(state string)
	}{
		{"damaged identity", "storage_damaged", func(state string) { write(filepath.Join(state, "identity.json"), `{"accessPointId":`) }},
		{"empty identity", "storage_damaged", func(state string) { write(filepath.Join(state, "identity.json"), "") }},
		{"damaged key", "storage_damaged", func(state string) { write(filepath.Join(state, "wireguard.key"), "AAAA") }},
		{"a file in its place", "invalid_argument", func(state string) { write(state, "") }},
		{"below a file", "invalid_argument", func(state string) { write(filepath.Dir(state), "") }},
		{"another user's", "not_permitted", func(state string) {
			if os.Geteuid() != 0 {
				t.Skip("not run: giving a directory away needs root")
			}
			must(t, os.MkdirAll(state, 0o700))
			must(t, os.Chown(state, 65534, 65534))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "parent", "state")
			test.prepare(state)
			told := expectFailure(t, launch(t, fakecloud.Token,
				"--json", "--token-stdin", "--cloud", cloud.URL(), "--pin", cloud.Pin(), "--state", state, "--listen", "127.0.0.1:0"), test.cause)
			if !strings.Contains(told.Message, filepath.Dir(state)) {
				t.Errorf("%q does not say where", told.Message)
			}
		})
	}
}

// What --publish without a protocol means is not to be guessed.
func TestHelpOfPublish(t *testing.T) {
	var words strings.Builder
	if _, err := parseOptions([]string{"run", "--help"}, &words); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	if !strings.Contains(words.String(), "--publish [tcp:|udp:]ADDRESS:PORT=TARGET") || !strings.Contains(words.String(), "both protocols without tcp: or udp:") {
		t.Errorf("it says %s", words.String())
	}
}

func expectFailure(t *testing.T, p *process, cause string) failure {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	must(t, err)
	var reported failure
	must(t, json.Unmarshal([]byte(line), &reported))
	if reported.Cause != cause || reported.Message == "" || reported.Action == "" {
		t.Fatalf("got %+v, want cause %s", reported, cause)
	}
	var exit *exec.ExitError
	if err := p.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitCode(cause) {
		t.Fatalf("exit: %v", err)
	}
	if strings.Contains(p.stderr.String(), "goroutine ") {
		t.Fatal("a stack trace")
	}
	return reported
}
