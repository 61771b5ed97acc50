// Package failure carries a cause code from where something failed to where it is shown. The RPC forms are in failure/wire.
package failure

import (
	"errors"
	"strings"
	"time"

	"sag.software/native/internal/msg"
)

// Failure is why something is not up or did not work.
type Failure struct {
	Cause Cause
	// Message is the text to show; its Text is empty where the cause says everything.
	msg.Message
	// RetryAfter is when another attempt makes sense; 0 = unknown.
	RetryAfter time.Duration
	// DeviceName is the device that took over, for Replaced.
	DeviceName string
	// Sessions are the sessions that could be ended to make room, for SessionLimit.
	Sessions []ActiveSession
	// Field is the path of the field that is not valid, for InvalidArgument.
	Field string
}

// ActiveSession is another session of the same account.
type ActiveSession struct {
	SessionID, DeviceName, ClientAddress string
	Age                                  time.Duration
}

// Code is the cause, Unspecified for no failure.
func (f *Failure) Code() Cause {
	if f == nil {
		return Unspecified
	}
	return f.Cause
}

// Error is a Failure as a Go error.
type Error struct {
	Failure *Failure
	// Under is the underlying error, for logs only.
	Under error
}

// Error returns the cause, spelled as in the contract, and the text. It is meant for logs.
func (e *Error) Error() string {
	return "CAUSE_" + strings.ToUpper(e.Failure.Code().String()) + ": " + e.Failure.Text
}

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Under }

// New returns an error with a cause and a text to show.
func New(cause Cause, m msg.Message) *Error {
	return &Error{Failure: Of(cause, m)}
}

// Of is New for callers that need a Failure, not an error.
func Of(cause Cause, m msg.Message) *Failure {
	return &Failure{Cause: cause, Message: m}
}

// Over is New with an underlying error, which is not shown.
func Over(under error, cause Cause, m msg.Message) *Error {
	return &Error{Failure: Of(cause, m), Under: under}
}

// Explain adds a cause to an error. The text shown is the error's own.
func Explain(err error, cause Cause) *Error {
	return Over(err, cause, msg.Of(err))
}

// From finds the failure in an error; an error without one gets the cause `otherwise`.
func From(err error, otherwise Cause) *Failure {
	var own *Error
	if errors.As(err, &own) {
		return own.Failure
	}
	return Of(otherwise, msg.Of(err))
}

// CauseOf returns the cause of an error, Unspecified if it has none.
func CauseOf(err error) Cause {
	var own *Error
	if errors.As(err, &own) {
		return own.Failure.Code()
	}
	return Unspecified
}
