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
	// Message is what is shown of it; without a text where the cause says it all.
	msg.Message
	// RetryAfter is when another attempt makes sense; 0 = not known.
	RetryAfter time.Duration
	// DeviceName is the device that took over, for Replaced.
	DeviceName string
	// Sessions are what could be ended, for SessionLimit.
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
	// Under is the error below it, for logs only.
	Under error
}

// Error is the cause, named as in the contract, and the text. Logs show it.
func (e *Error) Error() string {
	return "CAUSE_" + strings.ToUpper(e.Failure.Code().String()) + ": " + e.Failure.Text
}

// Unwrap is the error below.
func (e *Error) Unwrap() error { return e.Under }

// New makes an error of a cause with a text to show.
func New(cause Cause, m msg.Message) *Error {
	return &Error{Failure: Of(cause, m)}
}

// Of is New for callers that need the failure, not an error.
func Of(cause Cause, m msg.Message) *Failure {
	return &Failure{Cause: cause, Message: m}
}

// Over is New over an error below it, which is not shown.
func Over(under error, cause Cause, m msg.Message) *Error {
	return &Error{Failure: Of(cause, m), Under: under}
}

// Explain gives an error a cause. What is shown is the error's own text.
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

// CauseOf is the cause of an error, Unspecified if it carries none.
func CauseOf(err error) Cause {
	var own *Error
	if errors.As(err, &own) {
		return own.Failure.Code()
	}
	return Unspecified
}
