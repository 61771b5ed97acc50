package nettest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace that acts as another host, for the duration of the test.
type Namespace struct {
	t    *testing.T
	pid  int
	path string
}

// NewNamespace makes a namespace with its loopback interface up.
func NewNamespace(t *testing.T) *Namespace {
	t.Helper()
	// cat ends when its input is closed, even if the test process is killed.
	keeper := exec.Command("cat")
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if _, err := keeper.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = keeper.Process.Kill()
		_ = keeper.Wait()
	})
	n := &Namespace{t: t, pid: keeper.Process.Pid, path: fmt.Sprintf("/proc/%d/ns/net", keeper.Process.Pid)}
	n.Run("ip link set lo up")
	return n
}

// PID returns the id of a process in the namespace, for `ip link set … netns PID`.
func (n *Namespace) PID() string { return strconv.Itoa(n.pid) }

// Run runs commands in the namespace, one per line, and returns their output. They must succeed.
func (n *Namespace) Run(lines ...string) string {
	n.t.Helper()
	var all strings.Builder
	for _, line := range lines {
		all.WriteString(Run(n.t, "nsenter", append([]string{"--net=" + n.path}, strings.Fields(line)...)...))
	}
	return all.String()
}

// Command changes a command so that it runs in the namespace.
func (n *Namespace) Command(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append([]string{"nsenter", "--net=" + n.path, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Err = exec.LookPath("nsenter")
	return cmd
}

// Do calls a function in the namespace, for example to open a socket, which stays in it.
func (n *Namespace) Do(do func()) {
	n.t.Helper()
	done := make(chan error)
	go func() {
		// The thread stays locked, so that it ends with the goroutine and no other goroutine runs in the namespace.
		runtime.LockOSThread()
		namespace, err := os.Open(n.path)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
			_ = namespace.Close()
		}
		if err == nil {
			do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		n.t.Fatal(err)
	}
}
