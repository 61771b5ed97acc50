// Package nettest runs tests in their own network namespaces, with their own /etc/resolv.conf, by starting the test binary again
// inside.
package nettest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const inside = "SAG_TEST_INSIDE_NAMESPACE"

// Inside is true if the test runs in its own namespace. If it is false, the test has been run in one by this call and should
// return: `if !nettest.Inside(t) { return }` is the first line of such a test.
func Inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		Run(t, "ip", "link", "set", "lo", "up")
		ownResolvConf(t)
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("not run: needs root, for a network namespace of its own")
	}
	cmd := Again(t, inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("inside the namespace: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	if why, skipped := reason(t.Name(), string(out)); skipped {
		t.Skip("not run: " + why)
	}
	return false
}

// said matches a line that a test has logged, without the beginning of reasons for skips.
var said = regexp.MustCompile(`(?m)^ +\S+\.go:\d+: (?:not run: )?(.*)$`)

// reason returns why the test in the namespace was skipped, if it was: the last line it logged.
func reason(name, out string) (why string, skipped bool) {
	before, _, skipped := strings.Cut(out, "--- SKIP: "+name+" (")
	if all := said.FindAllStringSubmatch(before, -1); skipped && len(all) > 0 {
		why = all[len(all)-1][1]
	}
	return why, skipped
}

// ResolvConf is the initial content of /etc/resolv.conf.
const ResolvConf = "# of this test\nnameserver 192.0.2.53\noptions timeout:1 attempts:1\n"

// ownResolvConf bind-mounts a file over /etc/resolv.conf, so that it can be written but not replaced, as in containers.
func ownResolvConf(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "resolv.conf")
	err := os.WriteFile(path, []byte(ResolvConf), 0o644)
	if err == nil {
		err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err == nil {
		err = unix.Mount(path, "/etc/resolv.conf", "", unix.MS_BIND, "")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Again returns a command that runs the test binary again with this test only, and with additional environment variables.
func Again(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	args := []string{"-test.run=^" + t.Name() + "$", "-test.count=1", "-test.v", "-test.timeout=2h"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// Run runs a command, which must succeed, and returns its output.
func Run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// State returns the network configuration according to `ip` and `nft`, and the name servers, without counters and ages. Equal
// texts mean equal configurations.
func State(t *testing.T) string {
	t.Helper()
	var all []string
	for _, args := range []string{
		"-j route show table all", "-j -6 route show table all", "-j rule", "-j -6 rule", "-j link", "-j address",
	} {
		out := Run(t, "ip", strings.Fields(args)...)
		var rows []map[string]any
		if err := json.Unmarshal([]byte(out), &rows); err != nil {
			t.Fatalf("ip %s: %v\n%s", args, err, out)
		}
		for _, row := range rows {
			delete(row, "expires")
			line, _ := json.Marshal(row)
			all = append(all, args+" "+string(line))
		}
	}
	conf, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(all, "resolv.conf "+string(conf), Run(t, "nft", "-s", "list", "ruleset")), "\n")
}

// Settled returns the State once it contains these texts and no longer changes: the kernel adds routes of a new IPv6 address a
// moment after the address.
func Settled(t *testing.T, wanted ...string) string {
	t.Helper()
	for last := ""; ; {
		now := State(t)
		complete := now == last
		for _, text := range wanted {
			complete = complete && strings.Contains(now, text)
		}
		if complete {
			return now
		}
		last = now
	}
}

// Carries waits until a link is up. The kernel silently drops packets that are sent while the carrier comes up.
func Carries(t *testing.T, link string) {
	t.Helper()
	Until(t, link+" carries", func() bool { return strings.Contains(Run(t, "ip", "-j", "link", "show", link), `"operstate":"UP"`) })
}

// Difference returns the lines that are in only one of the texts.
func Difference(before, after string) string {
	var b bytes.Buffer
	for _, side := range []struct{ mark, has, lacks string }{{"- ", before, after}, {"+ ", after, before}} {
		for line := range strings.SplitSeq(side.has, "\n") {
			if !strings.Contains(side.lacks, line) {
				b.WriteString(side.mark + line + "\n")
			}
		}
	}
	return b.String()
}
