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
	"strings"
	"syscall"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/clock"
	"sag.software/native/internal/tunnel/failure"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/userspace/owner"
)

const (
	// unwanted is how long it waits for somebody to want something.
	unwanted = 60 * time.Second
	// lastAnswers is how long callers have to take their last answer.
	lastAnswers = 2 * time.Second
	// memoryLimit is where the collector begins to work harder, bytes; collectAt is how much garbage it lets pile up, per
	// cent of what lives. Both keep an idle tunnel small.
	memoryLimit = 44 << 20
	collectAt   = 50
)

var intranetID = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// proxy serves one intranet in proxy mode. The result is the exit code.
func proxy(args []string) int {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "the intranet's runtime directory")
	intranet := flags.String("intranet", "", "the intranet's id")
	asJSON := flags.Bool("json", false, "say failures on stdout, as JSON")
	if err := flags.Parse(args); err != nil || *dir == "" || !intranetID.MatchString(*intranet) || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if err := serve(*dir, *intranet); err != nil {
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

func serve(dir, intranet string) error {
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(collectAt)
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level()}))
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
	})
	server, err := control.Listen(dir, control.Handler(t, version), logger)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve() }()
	ready, _ := json.Marshal(map[string]any{"ready": true, "socket": server.Path(), "pid": os.Getpid()})
	fmt.Println(string(ready))

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
	return nil
}

func level() slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(os.Getenv("SAG_LOG"))) != nil {
		return slog.LevelInfo
	}
	return l
}
