package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/isolate"
	"sag.software/native/internal/msg"
)

// helloLimit is how long the tunnel may take to send its Hello.
const helloLimit = 5 * time.Second

// isolateCommand runs a command in its own user and network namespace, whose only connection is the tunnel served in a
// directory. It returns the command's exit code. A failure before the command runs is written to the report descriptor.
func isolateCommand(args []string) int {
	flags := flag.NewFlagSet("isolate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "the intranet's runtime directory")
	reportFD := flags.Int("report-fd", 0, "file descriptor for failures as JSON")
	if err := flags.Parse(args); err != nil || *dir == "" || flags.NArg() == 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if *reportFD > 2 {
		unix.CloseOnExec(*reportFD)
	}
	code, err := isolated(*dir, flags.Args())
	if err == nil {
		return code
	}
	if *reportFD > 2 {
		_ = json.NewEncoder(os.NewFile(uintptr(*reportFD), "report")).Encode(reportOf(err))
	} else {
		report(err, false)
	}
	return 1
}

func isolated(dir string, command []string) (code int, err error) {
	tunnel, hello, err := greet(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tunnel.Close() }()
	names, err := writeNames(dir, hello)
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(names) }()
	near, far, err := socketPair()
	if err != nil {
		return 0, err
	}
	defer func() { _ = near.Close() }()

	child := exec.Command("/proc/self/exe", append([]string{initVerb, names}, command...)...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{far}
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		// The command keeps its user and group.
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		// The set-up needs these; the command gets none of them.
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN, unix.CAP_DAC_OVERRIDE},
	}
	// The terminal sends Ctrl-C to the command, too, which decides what to do. So this process must not exit on it.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH)
	err = child.Start()
	_ = far.Close()
	if err != nil {
		return 0, noNamespace(err)
	}
	go func() {
		for s := range signals {
			if s != unix.SIGINT && s != unix.SIGQUIT && s != unix.SIGWINCH {
				_ = child.Process.Signal(s)
			}
		}
	}()
	if err := handOver(near, tunnel); err != nil {
		_ = child.Process.Kill()
		_ = child.Wait()
		return 0, err
	}
	_ = os.Remove(names) // the file is mounted now
	return exitCode(child.Wait())
}

func exitCode(err error) (int, error) {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &ended):
		return 0, err
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return ended.ExitCode(), nil
}

// greet connects to the running tunnel.
func greet(dir string) (*net.UnixConn, isolate.Hello, error) {
	var hello isolate.Hello
	path := filepath.Join(dir, isolate.SocketName)
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, hello, failure.Over(err, failure.NotConnected, msg.IsolateNotTaken())
	}
	_ = conn.SetReadDeadline(time.Now().Add(helloLimit))
	if err := json.NewDecoder(conn).Decode(&hello); err != nil {
		_ = conn.Close()
		return nil, hello, failure.Over(err, failure.TunnelCrashed, msg.IsolateTunnelSilent())
	}
	return conn, hello, conn.SetReadDeadline(time.Time{})
}

// writeNames writes the command's resolv.conf.
func writeNames(dir string, hello isolate.Hello) (string, error) {
	text := "# Of sag run --isolate: names are asked inside only.\nnameserver " + isolate.NameServer.String() + "\n"
	if len(hello.Search) > 0 {
		text += "search " + strings.Join(hello.Search, " ") + "\n"
	}
	file, err := os.CreateTemp(dir, ".resolv-*")
	if err != nil {
		return "", storage(err)
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", storage(err)
	}
	return file.Name(), nil
}

func socketPair() (near *net.UnixConn, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	file := os.NewFile(uintptr(fds[0]), "near")
	defer func() { _ = file.Close() }()
	conn, err := net.FileConn(file)
	if err != nil {
		_ = unix.Close(fds[1])
		return nil, nil, err
	}
	return conn.(*net.UnixConn), os.NewFile(uintptr(fds[1]), "far"), nil
}

// handOver passes the namespace's device to the tunnel and returns once the command runs.
func handOver(from, tunnel *net.UnixConn) error {
	device, message, err := isolate.ReceiveFile(from, "tun")
	if err != nil {
		return reportedFailure(message, err)
	}
	err = isolate.SendFile(tunnel, device)
	_ = device.Close()
	if err != nil {
		return failure.New(failure.TunnelCrashed, msg.IsolateTunnelEnded())
	}
	// The command may start now that the tunnel carries its network.
	if _, err := from.Write([]byte{0}); err != nil {
		return err
	}
	buffer := make([]byte, 4096)
	if n, _ := from.Read(buffer); n > 0 {
		return reportedFailure(buffer[:n], errors.New("the command was not started"))
	}
	return nil
}

// reportedFailure returns the failure in a report, or err if there is none.
func reportedFailure(line []byte, err error) error {
	var r reported
	if json.Unmarshal(line, &r) != nil {
		return err
	}
	return r.failure()
}

// noNamespace returns an error with the setting that keeps unprivileged users from creating a network namespace.
func noNamespace(err error) error {
	why := err.Error()
	for _, limit := range []struct{ name, forbids string }{
		{"kernel/unprivileged_userns_clone", "0"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1"},
		{"user/max_user_namespaces", "0"},
		{"user/max_net_namespaces", "0"},
	} {
		value, err := os.ReadFile("/proc/sys/" + limit.name)
		if err == nil && strings.TrimSpace(string(value)) == limit.forbids {
			why = "sysctl " + strings.ReplaceAll(limit.name, "/", ".") + " is " + limit.forbids
			break
		}
	}
	return failure.Over(err, failure.NotPermitted, msg.IsolateNoNetwork(why))
}
