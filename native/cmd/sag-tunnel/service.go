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
	"sag.software/native/internal/tunnel/systemwide"
)

const (
	// runDir is cleared by a restart of the host, stateDir is not. Both are root's.
	runDir   = "/run/sag-tunnel"
	stateDir = "/var/lib/sag-tunnel"
	// journalName within the state directory.
	journalName = "journal"
	// serviceMemory is where the collector begins to work harder in system mode, bytes. Buffers are of 64 KB, of which little is
	// ever touched, so this is several times what the process really takes; nearer to that the collector would never rest.
	serviceMemory = 256 << 20
)

// directories are the flags that service and repair share.
func directories(flags *flag.FlagSet) (run, state *string) {
	return flags.String("run-dir", runDir, "runtime directory"), flags.String("state-dir", stateDir, "state directory")
}

// openMachine is another one where a measurement leaves something out.
var openMachine = hostnet.Open

// runService is system mode. The result is the exit code.
func runService(args []string) int {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "say failures on stdout, as JSON")
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
	debug.SetGCPercent(collectAt)
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
		logger.Error("lockdown is not as it should be", "error", err)
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

// notify reports to systemd, if systemd started this process.
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
