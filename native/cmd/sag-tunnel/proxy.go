package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"syscall"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/control"
	"sag.software/native/internal/isolate"
	"sag.software/native/internal/logfile"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
)

const (
	// unwanted is how long the process stays without a session.
	unwanted = 60 * time.Second
	// lastAnswers is how long open calls may take to finish at the end.
	lastAnswers = 2 * time.Second
	// memoryLimit is the soft limit at which the garbage collector works harder, bytes. It is several times the real usage,
	// because little of each 64 KB buffer is ever touched. collectAt is GOGC in per cent: a low value keeps an idle tunnel
	// small.
	memoryLimit = 128 << 20
	collectAt   = 50
)

var intranetID = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// proxy serves one intranet in proxy mode. It returns the exit code.
func proxy(args []string) int {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "the intranet's runtime directory")
	intranet := flags.String("intranet", "", "the intranet's id")
	log := flags.String("log", "", "log file, rotated when it is full; default stderr")
	asJSON := flags.Bool("json", false, "print failures as JSON on stdout")
	if err := flags.Parse(args); err != nil || *dir == "" || !intranetID.MatchString(*intranet) || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if err := serve(*dir, *intranet, *log); err != nil {
		report(err, *asJSON)
		return 1
	}
	return 0
}

func serve(dir, intranet, log string) error {
	debug.SetMemoryLimit(memoryLimit)
	tunnel.CollectAt(collectAt)
	var out io.Writer = os.Stderr
	if log != "" {
		// Without a log file, lines go to stderr: a full disk must not keep a user from connecting.
		if file, err := logfile.Open(log); err == nil {
			out = file
		}
	}
	var session logfile.Session
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level()})
	logger := slog.New(logfile.Named(handler, &session)).With("intranet", intranet, "pid", os.Getpid())
	slog.SetDefault(logger)
	release, err := control.Directory(dir)
	if err != nil {
		return err
	}
	defer release()
	boot, err := clock.BootID()
	if err != nil {
		logger.Warn("no boot ID; sessions cannot be resumed", "error", err)
	}
	t := tunnel.New(tunnel.Config{
		IntranetID: intranet, Version: version, Store: resume.Store{Dir: dir, Boot: boot}, Owners: peercred.System(), Logger: logger, Unwanted: unwanted,
		OnSession: session.Set,
	})
	server, err := control.Listen(dir, control.Handler(t, version), logger)
	if err != nil {
		return err
	}
	leave, err := isolate.Serve(dir, t.Current, logger)
	if err != nil {
		logger.Warn("failed to start isolate support", "error", err)
		leave = func() {}
	}
	failed := ready(server)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	select {
	case <-t.Done():
	case err := <-failed:
		return err
	case <-ctx.Done():
		_, _ = t.Stop(context.Background(), intranet)
	}
	leave()
	server.Shutdown(lastAnswers)
	release() // lets a successor start without waiting for HangUp
	t.WaitForHangUp()
	return nil
}

// ready starts the RPC server and prints the ready line. The channel receives the server's error.
func ready(server *control.Server) <-chan error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve() }()
	line, _ := json.Marshal(map[string]any{"ready": true, "socket": server.Path(), "pid": os.Getpid()})
	fmt.Println(string(line))
	return failed
}

func level() slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(os.Getenv("SAG_LOG"))) != nil {
		return slog.LevelInfo
	}
	return l
}
