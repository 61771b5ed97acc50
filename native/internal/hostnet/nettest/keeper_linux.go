package nettest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Keeper is the program that manages a test host's name servers: "file" for none, "systemd-resolved" or "NetworkManager". These
// are the real programs, unpacked into .cache/debian and running on their own system bus.
type Keeper struct {
	t       *testing.T
	backend string
	// programs is the directory they were unpacked to; link is the link they have a name server for.
	programs, link string
	// running are its processes, by program name.
	running map[string]*os.Process
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow eavesdrop="true"/></policy></busconfig>`

// ownFiles gives the namespace its own /etc and /run.
const ownFiles = `set -e
umount /etc/resolv.conf
etc=$(mktemp -d)
mount -t tmpfs tmpfs "$etc"
cp -a /etc/. "$etc"
mount --bind "$etc" /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/systemd/resolve /run/NetworkManager /run/none /etc/systemd/resolved.conf.d /etc/NetworkManager/system-connections
chmod 700 /etc/NetworkManager/system-connections
grep -q ^systemd-resolve: /etc/passwd || {
  echo systemd-resolve:x:994:994::/:/usr/sbin/nologin >> /etc/passwd
  echo systemd-resolve:x:994: >> /etc/group
}
chown systemd-resolve:systemd-resolve /run/systemd/resolve
printf '[Resolve]\nLLMNR=no\nMulticastDNS=no\nFallbackDNS=\n' > /etc/systemd/resolved.conf.d/test.conf
printf '[main]\nplugins=keyfile\ndns=default\nrc-manager=file\nauth-polkit=false\nno-auto-default=*\n' > /run/nm.conf
rm -f /etc/resolv.conf
`

// Keep starts a Keeper. It skips the test if the programs were not unpacked, which `npm test` does.
func Keep(t *testing.T, backend, link, server string) *Keeper {
	t.Helper()
	root, err := filepath.Abs("../../../.cache/debian")
	if err != nil {
		t.Fatal(err)
	}
	k := &Keeper{t: t, backend: backend, programs: root, link: link, running: map[string]*os.Process{}}
	Run(t, "sh", "-c", ownFiles)
	if backend == "file" {
		k.Change(server)
		return k
	}
	if _, err := os.Stat(filepath.Join(root, "lib/systemd/systemd-resolved")); err != nil {
		t.Skip("not run: needs systemd-resolved and NetworkManager, unpacked")
	}
	if err := os.WriteFile("/run/bus.conf", []byte(busConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	k.daemon("dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile")
	Until(t, "the system bus", func() bool { _, err := os.Stat("/run/dbus/system_bus_socket"); return err == nil })
	if backend == "systemd-resolved" {
		if err := os.Symlink("/run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf"); err != nil {
			t.Fatal(err)
		}
		k.daemon(filepath.Join(root, "lib/systemd/systemd-resolved"))
		Until(t, "systemd-resolved", func() bool { return k.tool("usr/bin/resolvectl", "status") == nil })
	} else {
		// NetworkManager waits for udev unless /sys is read-only.
		Run(t, "mount", "-t", "sysfs", "-o", "ro", "sysfs", "/sys")
		k.daemon(filepath.Join(root, "usr/sbin/NetworkManager"), "--no-daemon", "--config=/run/nm.conf", "--config-dir=/run/none",
			"--intern-config=/run/nm-intern.conf", "--state-file=/run/nm.state", "--pid-file=/run/nm.pid")
		Until(t, "NetworkManager", func() bool { return k.tool("usr/bin/nmcli", "general", "status") == nil })
		k.must("usr/bin/nmcli", "con", "add", "type", "ethernet", "ifname", link, "con-name", "cable", "ipv4.method", "manual",
			"ipv4.addresses", "192.0.2.2/24", "ipv4.gateway", "192.0.2.1", "ipv6.method", "disabled")
	}
	k.Change(server)
	return k
}

func (k *Keeper) daemon(path string, args ...string) {
	k.t.Helper()
	cmd := k.command(path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.running[filepath.Base(path)] = cmd.Process
	k.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (k *Keeper) command(path string, args ...string) *exec.Cmd {
	var libraries []string
	for _, lib := range []string{"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"} {
		libraries = append(libraries, filepath.Join(k.programs, lib), filepath.Join(k.programs, lib, "systemd"))
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"), "SYSTEMD_PAGER=")
	return cmd
}

func (k *Keeper) tool(path string, args ...string) error {
	return k.command(filepath.Join(k.programs, path), args...).Run()
}

func (k *Keeper) must(path string, args ...string) string {
	k.t.Helper()
	out, err := k.command(filepath.Join(k.programs, path), args...).CombinedOutput()
	if err != nil {
		k.t.Fatalf("%s %s: %v\n%s", path, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Pause stops one of the programs without ending it, until goOn is called.
func (k *Keeper) Pause(program string) (goOn func()) {
	k.t.Helper()
	if err := k.running[program].Signal(syscall.SIGSTOP); err != nil {
		k.t.Fatal(err)
	}
	return func() { _ = k.running[program].Signal(syscall.SIGCONT) }
}

// Change replaces the name server, as in another network.
func (k *Keeper) Change(server string) {
	k.t.Helper()
	switch k.backend {
	case "systemd-resolved":
		k.must("usr/bin/resolvectl", "dns", k.link, server)
	case "NetworkManager":
		k.must("usr/bin/nmcli", "con", "modify", "cable", "ipv4.dns", server)
		k.must("usr/bin/nmcli", "con", "up", "cable")
	default:
		const fresh = "/etc/resolv.conf.dhcp"
		err := os.WriteFile(fresh, fmt.Appendf(nil, "# by dhclient\nnameserver %s\n", server), 0o644)
		if err == nil {
			err = os.Rename(fresh, "/etc/resolv.conf")
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
}

var (
	linkNumber = regexp.MustCompile(`Link \d+`)
	passing    = regexp.MustCompile(`(?m)^ *Current (DNS Server|Scopes):.*\n`)
	spaces     = regexp.MustCompile(` +`)
)

// State returns everything that name resolution depends on; for systemd-resolved including its state per link.
func (k *Keeper) State() string {
	k.t.Helper()
	text, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		k.t.Fatal(err)
	}
	state := string(text)
	if k.backend == "systemd-resolved" {
		links := k.must("usr/bin/resolvectl", "--no-pager", "status")
		state += spaces.ReplaceAllString(passing.ReplaceAllString(linkNumber.ReplaceAllString(links, "Link"), ""), " ")
	}
	return state
}

// Until polls until is returns true.
func Until(t *testing.T, what string, is func() bool) {
	t.Helper()
	const limit, step = 10 * time.Second, 10 * time.Millisecond
	for end := time.Now().Add(limit); !is(); time.Sleep(step) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, limit)
		}
	}
}
