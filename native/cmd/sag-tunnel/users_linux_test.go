package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/encoding/protojson"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/service/trust"
	"sag.software/native/internal/tunnel/tunneltest"
)

// othersAreServed checks that the victim and root are answered quickly.
func (s *site) othersAreServed() string {
	for _, uid := range []int{victim, 0} {
		start := time.Now()
		cmd := s.curl(uid, "Attach", `{"hello":{"version":"1"}}`, "-sS", "--max-time", "5")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "MODE_SYSTEM") {
			return fmt.Sprintf("%d is not served: %v %s", uid, err, out)
		}
		if took := time.Since(start); took > 2*time.Second {
			return fmt.Sprintf("%d waited for %v", uid, took)
		}
	}
	return "served"
}

// trust adds a company to the list of trusted intranets, as an administrator does.
func (s *site) trust(company *tunneltest.Company) {
	s.t.Helper()
	cloud := company.Cloud()
	args := []string{"trust", "add", "--json", "--url", cloud.GetUrl(), "--code", tunneltest.Code, "--pin", fmt.Sprintf("%x", cloud.GetSpkiPins()[0])}
	if out, err := s.command(args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	if all, err := (trust.Store{Dir: s.state}).List(); err != nil || len(all) == 0 {
		s.t.Fatalf("%v %v", all, err)
	}
}

// subordinates mounts a list of subordinate IDs over the host's.
func (s *site) subordinates(text string) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "subuid")
	err := os.WriteFile(path, []byte(text), 0o644)
	if err == nil {
		err = unix.Mount(path, "/etc/subuid", "", unix.MS_BIND, "")
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// prepareAs prepares a key as a user.
func (s *site) prepareAs(uid int) (attempt string, public []byte) {
	s.t.Helper()
	text := s.as(uid, "Prepare", `{"intranetId":"a1b2"}`)
	answer := &tunnelv1.PrepareResponse{}
	if err := protojson.Unmarshal([]byte(text), answer); err != nil || len(answer.GetPublicKey()) != 32 {
		s.t.Fatalf("user %d cannot prepare: %s", uid, text)
	}
	return answer.GetAttemptId(), answer.GetPublicKey()
}

func (s *site) startBody(attempt string, cloud *tunnelv1.Cloud, session *clientv1.Session) string {
	text, err := protojson.Marshal(&tunnelv1.StartRequest{AttemptId: attempt, IntranetId: intranet, Session: session, Cloud: cloud})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *site) startWith(uid int, attempt string, cloud *tunnelv1.Cloud, session *clientv1.Session) string {
	return s.as(uid, "Start", s.startBody(attempt, cloud, session))
}

// startChanged dials a company as a user, changes the session, and starts it. It stays within the limit on keys, even when
// called often.
func (s *site) startChanged(uid int, cloud *tunnelv1.Cloud, company *tunneltest.Company, change func(*clientv1.Session)) string {
	s.t.Helper()
	attempt, public := s.prepareAs(uid)
	session := company.Dial(public)
	if change != nil {
		change(session)
	}
	return s.startWith(uid, attempt, cloud, session)
}

// connectAs connects as an ordinary user, like core does, and waits until connected.
func (s *site) connectAs(uid int) {
	s.t.Helper()
	if answer := s.startChanged(uid, s.company.Cloud(), s.company, nil); !strings.Contains(answer, "state") {
		s.t.Fatalf("user %d is not connected: %s", uid, answer)
	}
	s.become(typesv1.Phase_PHASE_CONNECTED)
	if _, err := page(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) stopAs(uid int) {
	s.t.Helper()
	if answer := s.as(uid, "Stop", `{"intranetId":"a1b2"}`); !strings.Contains(answer, "PHASE_DISCONNECTED") {
		s.t.Fatalf("user %d cannot disconnect: %s", uid, answer)
	}
}

// curl is an RPC as a user.
func (s *site) curl(uid int, method, body string, flags ...string) *exec.Cmd {
	cmd := exec.Command("curl", append(flags, "--unix-socket", filepath.Join(s.run, "rpc.sock"), "-H", "content-type: application/json",
		"--data-binary", "@-", "http://localhost/sag.tunnel.v1.TunnelService/"+method)...)
	cmd.Stdin = strings.NewReader(body)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	return cmd
}

// fast prepares n keys over one connection and counts the refusals.
func (s *site) fast(uid, n int) string {
	out, _ := s.curl(uid, fmt.Sprintf("Prepare?[1-%d]", n), `{"intranetId":"a1b2"}`, "-sS", "--max-time", "20").CombinedOutput()
	return fmt.Sprintf("%d refused", strings.Count(string(out), `"code":`))
}

// follow opens Watch and returns what arrives within a second.
func (s *site) follow(uid int) string {
	cmd := exec.Command("curl", "-sS", "--max-time", "1", "--unix-socket", filepath.Join(s.run, "rpc.sock"), "-H", "content-type: application/connect+json",
		"--data-binary", "@-", "http://localhost/sag.tunnel.v1.TunnelService/Watch")
	cmd.Stdin = strings.NewReader("\x00\x00\x00\x00\x12" + `{"attentive":true}`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, _ := cmd.Output()
	return string(out)
}

// hold opens connections from many user IDs until the returned function is called. One thread makes them under each ID in
// turn: SO_PEERCRED returns the ID that a connection was made with.
func (s *site) hold(first, ids, connections int) (letGo func()) {
	s.t.Helper()
	var open []int
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Unlocked at the end, when it is root's again: the end of the thread would also end its child processes
		// (PR_SET_PDEATHSIG).
		runtime.LockOSThread()
		const same = ^uintptr(0)
		for uid := range ids {
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(first+uid), same); errno != 0 {
				failed = errno
				return
			}
			for range connections {
				fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err == nil {
					open = append(open, fd)
					err = unix.Connect(fd, &unix.SockaddrUnix{Name: filepath.Join(s.run, "rpc.sock")})
				}
				failed = errors.Join(failed, err)
			}
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, 0, same); errno != 0 {
				failed = errno
				return
			}
		}
		runtime.UnlockOSThread()
	}()
	<-done
	if failed != nil {
		s.t.Fatal(failed)
	}
	return func() {
		for _, fd := range open {
			_ = unix.Close(fd)
		}
	}
}
