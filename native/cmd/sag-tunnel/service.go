package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/sleep"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service"
	"sag.software/native/internal/service/trust"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/systemwide"
)

const (
	// runDir is cleared at boot, stateDir is not. Only root can write both.
	runDir   = "/run/sag-tunnel"
	stateDir = "/var/lib/sag-tunnel"
	// journalName is relative to the state directory.
	journalName = "journal"
	// serviceMemory is the soft limit at which the garbage collector works harder in system mode, bytes. It is several
	// times the real usage, because little of each 64 KB buffer is ever touched; with a tighter limit the collector would
	// run all the time.
	serviceMemory = 256 << 20
)

// directories defines the flags that service and repair share.
func directories(flags *flag.FlagSet) (run, state *string) {
	return flags.String("run-dir", runDir, "runtime directory"), flags.String("state-dir", stateDir, "state directory")
}

// openMachine is a variable, so that measurements can leave parts of it out.
var openMachine = hostnet.Open

// runService runs system mode. It returns the exit code.
func runService(args []string) int {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "print failures as JSON on stdout")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if err := serveSystem(*run, *state); err != nil {
		report(err, *asJSON)
		return 1
	}
	return 0
}

func serveSystem(run, state string) error {
	debug.SetMemoryLimit(serviceMemory)
	tunnel.CollectAt(collectAt)
	book, logger := service.NewLogbook(os.Stderr, &slog.HandlerOptions{Level: level()})
	slog.SetDefault(logger)
	if os.Geteuid() != 0 {
		return failure.New(failure.NotPermitted, msg.SystemModeNeedsRoot())
	}
	release, err := control.SharedDirectory(run)
	if err != nil {
		return err
	}
	defer release()
	machine, err := openMachine()
	if err != nil {
		return err
	}
	boot, err := clock.BootID()
	if err != nil {
		return err
	}
	keeper, err := lockdown.Open(lockdownConfig(state))
	if err != nil {
		logger.Error("failed to restore lockdown", "error", err)
	}
	host, err := systemwide.New(machine, filepath.Join(state, journalName), keeper, logger)
	if err != nil {
		return err
	}
	defer func() { _ = host.Close() }()
	s, err := service.New(service.Config{Dir: run, Boot: boot, Host: host, Machine: machine, Lockdown: keeper, Trust: trust.Store{Dir: state}, Sleep: sleep.System(), Version: version, Logger: logger, Logbook: book})
	if err != nil {
		return err
	}
	server, err := control.ListenShared(run, control.SharedHandler(version, s.For), logger)
	if err != nil {
		return err
	}
	failed := ready(server)
	notify("READY=1")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Close()
	server.Shutdown(lastAnswers)
	return nil
}

// notify notifies systemd if it started this process (sd_notify(3)).
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if conn, err := net.Dial("unixgram", path); err == nil {
		_, _ = conn.Write([]byte(state))
		_ = conn.Close()
	}
}
