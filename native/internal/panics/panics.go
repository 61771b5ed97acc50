// Package panics recovers from panics in goroutines and handlers that process outside input, so that a bug costs one
// connection, query or response and not the process. It must not be used where a panic can leave shared state inconsistent:
// there the process has to exit, and its successor resumes the session.
package panics

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// Log recovers from a panic and logs it with its stack. Use: defer panics.Log(logger, "a DNS query").
func Log(logger *slog.Logger, during string) {
	if p := recover(); p != nil {
		log(logger, during, p)
	}
}

// Error recovers from a panic and turns it into an error with cause `unknown` and the stack. Use in a function with a named
// result: defer panics.Error(&err, "a response of the cloud instance").
func Error(err *error, during string) {
	if p := recover(); p != nil {
		*err = &failure.Error{
			Failure: failure.Of(failure.Unknown, msg.InternalError(during)),
			Under:   fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
		}
	}
}

// Handler wraps an HTTP handler: a panic is logged and aborts one response.
func Handler(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				log(logger, r.Method+" "+r.URL.Path, p)
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}

func log(logger *slog.Logger, during string, p any) {
	logger.Error("internal error", "cause", "unknown", "during", during, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
