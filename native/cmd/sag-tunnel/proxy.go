package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/logfile"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/userspace/owner"
)

const (
	// unwanted is how long it waits for somebody to want something.
	unwanted = 60 * time.Second
	// lastAnswers is how long callers have to take their last answer.
	lastAnswers = 2 * time.Second
	// memoryLimit is where the collector begins to work harder, bytes: several times what the process really takes, because of
	// buffers of 64 KB little is touched. collectAt is how much garbage it lets pile up, per cent of what lives: an idle tunnel
	// stays small.
	memoryLimit = 128 << 20
	collectAt   = 50
)

var intranetID = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// proxy serves one intranet in proxy mode. The result is the exit code.
func proxy(args []string) int {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "the intranet's runtime directory")
	intranet := flags.String("intranet", "", "the intranet's id")
	log := flags.String("log", "", "write the log to this file, and begin a new one when it is full; without it to stderr")
	asJSON := flags.Bool("json", false, "say failures on stdout, as JSON")
	if err := flags.Parse(args); err != nil || *dir == "" || !intranetID.MatchString(*intranet) || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if err := serve(*dir, *intranet, *log); err != nil {
		tell(err, *asJSON)
		return 1
	}
	return 0
}

func tell(err error, asJSON bool) {
	f := failure.From(err, typesv1.Cause_CAUSE_UNKNOWN)
	fmt.Fprintln(os.Stderr, "sag-tunnel:", f.GetText())
	if asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{
			"cause": strings.ToLower(strings.TrimPrefix(f.GetCause().String(), "CAUSE_")), "message": f.GetText(),
		})
	}
}

func serve(dir, intranet, log string) error {
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(collectAt)
	var out io.Writer = os.Stderr
	if log != "" {
		file, err := logfile.Open(log)
		if err != nil {
			return storage(err)
		}
		out = file
	}
	var session logfile.Session
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level()})
	logger := slog.New(logfile.Named(handler, &session)).With("intranet", intranet, "pid", os.Getpid())
	release, err := control.Directory(dir)
	if err != nil {
		return err
	}
	defer release()
	boot, err := clock.BootID()
	if err != nil {
		logger.Warn("a session can not be resumed here", "error", err)
	}
	t := tunnel.New(tunnel.Config{
		IntranetID: intranet, Version: version, Store: resume.Store{Dir: dir, Boot: boot}, Owners: owner.System(), Logger: logger, Unwanted: unwanted,
		OnSession: session.Set,
	})
	server, err := control.Listen(dir, control.Handler(t, version), logger)
	if err != nil {
		return err
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
	server.Shutdown(lastAnswers)
	release() // a successor has nothing to wait for
	t.Farewell()
	return nil
}

// ready serves callers, and says on stdout that it does; it answers when that fails.
func ready(server *control.Server) <-chan error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve() }()
	line, _ := json.Marshal(map[string]any{"ready": true, "socket": server.Path(), "pid": os.Getpid()})
	fmt.Println(string(line))
	return failed
}

// storage gives a failure to write its cause.
func storage(err error) error {
	cause := typesv1.Cause_CAUSE_STORAGE_READONLY
	if errors.Is(err, syscall.ENOSPC) {
		cause = typesv1.Cause_CAUSE_STORAGE_FULL
	}
	return &failure.Error{Failure: failure.Of(cause, "%s", err), Under: err}
}

func level() slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(os.Getenv("SAG_LOG"))) != nil {
		return slog.LevelInfo
	}
	return l
}
