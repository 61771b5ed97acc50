// Package sleeptest runs a system bus for tests.
package sleeptest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
)

const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=SOCKET</listen><policy context="default"><allow send_destination="*"/>
<allow own="*"/><allow receive_sender="*"/></policy></busconfig>`

// Bus starts a dbus-daemon with a fake logind, which emits PrepareForSleep when sleep is called.
func Bus(t *testing.T) (address string, sleep func(before bool)) {
	dir := t.TempDir()
	path := filepath.Join(dir, "conf")
	address = "unix:path=" + filepath.Join(dir, "bus")
	if err := os.WriteFile(path, []byte(strings.Replace(config, "SOCKET", filepath.Join(dir, "bus"), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dbus-daemon", "--nofork", "--print-address", "--config-file="+path)
	daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := daemon.StdoutPipe()
	if err == nil {
		err = daemon.Start()
	}
	if err != nil {
		t.Skipf("not run: needs dbus-daemon: %v", err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	logind, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logind.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return address, func(before bool) {
		if err := logind.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", before); err != nil {
			t.Fatal(err)
		}
	}
}
