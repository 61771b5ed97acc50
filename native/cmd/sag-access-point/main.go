// Command sag-access-point is the server end of the tunnel.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/accesspoint/state"
	"sag.software/native/internal/licenses"
	"sag.software/native/internal/msg"
)

// version is set by release builds.
var version = "0.1.0"

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	if len(arguments) == 1 && (arguments[0] == "version" || arguments[0] == "--version") {
		fmt.Println(version)
		return 0
	}
	if len(arguments) == 2 && arguments[0] == "version" && arguments[1] == "--licenses" {
		return licenses.Print(os.Stdout, os.Stderr)
	}
	options, err := parseOptions(arguments, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if errors.Is(err, errUsage) {
		return 2
	}
	if err != nil {
		return report(wantsJSON(arguments), &failure{"invalid_argument", err.Error(), msg.PointBadUsage})
	}
	level := slog.LevelInfo
	if options.verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(logger)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, options, readToken(options), logger); err != nil {
		return report(options.json, explain(err))
	}
	return 0
}

// readToken reads one line from standard input, in a goroutine: an access point that is already registered does not wait
// for it.
func readToken(o *options) <-chan string {
	token := make(chan string, 1)
	if !o.tokenStdin {
		token <- ""
		return token
	}
	go func() {
		const longest = 1024
		line, _ := bufio.NewReader(io.LimitReader(os.Stdin, longest)).ReadString('\n')
		token <- strings.TrimSpace(line)
	}()
	return token
}

// failure is a failure as reported to a person or a script.
type failure struct {
	Cause   string `json:"cause"`
	Message string `json:"message"`
	Action  string `json:"action"`
}

func explain(err error) *failure {
	switch {
	case errors.Is(err, state.ErrInUse):
		return &failure{"data_directory_in_use", err.Error(), msg.PointInUse}
	case errors.Is(err, state.ErrDamaged):
		return &failure{"storage_damaged", err.Error(), msg.PointStateDamaged}
	case errors.Is(err, agent.ErrIdentityChanged):
		return &failure{"instance_identity_changed", err.Error(), msg.PointIdentityChanged}
	case errors.Is(err, agent.ErrCertificateUnknown):
		return &failure{"instance_identity_unknown", err.Error(), msg.PointCertificateUnknown}
	case errors.Is(err, agent.ErrNoCredentials):
		return &failure{"bad_credentials", err.Error(), msg.PointNoToken}
	case errors.Is(err, agent.ErrRefused):
		return &failure{"bad_credentials", err.Error(), msg.PointTokenRefused}
	case errors.Is(err, syscall.EADDRINUSE):
		return &failure{"port_in_use", err.Error(), msg.PointPortInUse}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return &failure{"invalid_argument", err.Error(), msg.PointAddressNotHere}
	case errors.Is(err, syscall.ENOSPC):
		return &failure{"storage_full", err.Error(), msg.PointStorageFull}
	case errors.Is(err, syscall.ENOTDIR):
		return &failure{"invalid_argument", err.Error(), msg.PointStateNotWritable}
	case errors.Is(err, kernel.ErrPrivilege):
		return &failure{"not_permitted", err.Error(), msg.PointNeedsRoot}
	case errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
		return &failure{"not_permitted", err.Error(), msg.PointStateNotWritable}
	}
	return &failure{"unknown", err.Error(), msg.PointSeeLog}
}

// report prints why the access point ended and returns the exit code of the cause.
func report(asJSON bool, f *failure) int {
	fmt.Fprintf(os.Stderr, "sag-access-point: %s\n%s\n", f.Message, f.Action)
	if asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(f)
	}
	return exitCode(f.Cause)
}

func wantsJSON(arguments []string) bool {
	for _, argument := range arguments {
		if argument == "--json" || argument == "-json" {
			return true
		}
	}
	return false
}
