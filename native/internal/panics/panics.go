// Package panics keeps a bug that outside input brings out from ending the process: one connection, question or answer is lost, the
// log says why, and everything else goes on. It is for goroutines and handlers that serve outside input. State that others share must
// not be half changed when it is used: there the process has to end, and its successor resumes the session.
package panics

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// Log ends a panic and logs it with its stack. It is to be deferred: defer panics.Log(logger, "a question for a name").
func Log(logger *slog.Logger, during string) {
	if p := recover(); p != nil {
		log(logger, during, p)
	}
}

// Error ends a panic and makes it an error of cause `unknown`, with the stack beneath it. It is to be deferred in a function with a
// named error: defer panics.Error(&err, "an answer of the cloud instance").
func Error(err *error, during string) {
	if p := recover(); p != nil {
		*err = &failure.Error{
			Failure: failure.Of(failure.Unknown, msg.InternalError(during)),
			Under:   fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
		}
	}
}

// Handler is an HTTP handler whose panics end one request and are logged. What has begun to be answered is cut off.
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
