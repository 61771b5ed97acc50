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

// Namespace is another host's network, for as long as the test lives.
type Namespace struct {
	t    *testing.T
	pid  int
	path string
}

// NewNamespace makes one with its loopback up.
func NewNamespace(t *testing.T) *Namespace {
	t.Helper()
	// It ends with its input, whatever becomes of the test.
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

// PID is that of a process inside: `ip link set … netns PID`.
func (n *Namespace) PID() string { return strconv.Itoa(n.pid) }

// Run runs commands of the host's inside, one a line, which must succeed; it gives what they printed.
func (n *Namespace) Run(lines ...string) string {
	n.t.Helper()
	var all strings.Builder
	for _, line := range lines {
		all.WriteString(Run(n.t, "nsenter", append([]string{"--net=" + n.path}, strings.Fields(line)...)...))
	}
	return all.String()
}

// Command has a command run inside.
func (n *Namespace) Command(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append([]string{"nsenter", "--net=" + n.path, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Err = exec.LookPath("nsenter")
	return cmd
}

// Do does something inside, for example opens a socket, which stays there.
func (n *Namespace) Do(do func()) {
	n.t.Helper()
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine instead of coming back to others.
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
