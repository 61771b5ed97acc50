// Command sag-access-point is the server end of the tunnel.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
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
)

// version is set when a release is built.
var version = "0.1.0"

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	if len(arguments) == 1 && (arguments[0] == "version" || arguments[0] == "--version") {
		fmt.Println(version)
		return 0
	}
	options, err := parseOptions(arguments, os.Stderr)
	if errors.Is(err, errUsage) {
		return 2
	}
	if err != nil {
		return report(wantsJSON(arguments), &failure{"invalid_argument", err.Error(), "Correct the command line; --help shows it."}, 2)
	}
	level := slog.LevelInfo
	if options.verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, options, readToken(options), logger); err != nil {
		return report(options.json, explain(err), 1)
	}
	return 0
}

// readToken reads one line. It does not keep an access point waiting that is registered already.
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

// failure is what a person or a script is told.
type failure struct {
	Cause   string `json:"cause"`
	Message string `json:"message"`
	Action  string `json:"action"`
}

func explain(err error) *failure {
	switch {
	case errors.Is(err, state.ErrInUse):
		return &failure{"data_directory_in_use", err.Error(), "Stop the other access point, or give this one a state directory of its own."}
	case errors.Is(err, agent.ErrIdentityChanged):
		return &failure{"instance_identity_changed", err.Error(), "Make sure that it is the right server, and give its pin by --pin."}
	case errors.Is(err, agent.ErrNoCredentials):
		return &failure{"bad_credentials", err.Error(), "Make a token with sagctl and give it by --token-stdin."}
	case errors.Is(err, agent.ErrRefused):
		return &failure{"bad_credentials", err.Error(), "Make a new token with sagctl and give it by --token-stdin."}
	case errors.Is(err, syscall.EADDRINUSE):
		return &failure{"port_in_use", err.Error(), "Stop what listens there, or choose another port by --listen."}
	case errors.Is(err, syscall.ENOSPC):
		return &failure{"storage_full", err.Error(), "Make room on the disk."}
	case errors.Is(err, kernel.ErrPrivilege):
		return &failure{"not_permitted", err.Error(), "Run it as root, or with --mode userspace, which needs nothing."}
	case errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
		return &failure{"not_permitted", err.Error(), "Choose a state directory that this user may write."}
	}
	return &failure{"unknown", err.Error(), "See the log above."}
}

func report(asJSON bool, f *failure, code int) int {
	fmt.Fprintf(os.Stderr, "sag-access-point: %s\n%s\n", f.Message, f.Action)
	if asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(f)
	}
	return code
}

func wantsJSON(arguments []string) bool {
	for _, argument := range arguments {
		if argument == "--json" || argument == "-json" {
			return true
		}
	}
	return false
}
