// Package failure carries a cause code from where something failed to where somebody reads it.
package failure

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"connectrpc.com/connect"

	typesv1 "sag.software/native/gen/sag/types/v1"
)

// maxText is the longest text a Failure may carry, in bytes.
const maxText = 1024

// Error is a Failure as a Go error.
type Error struct {
	Failure *typesv1.Failure
	// Under is what lies beneath it, for logs only.
	Under error
}

// Error names the cause and the sender's words.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s", e.Failure.GetCause(), e.Failure.GetText())
}

// Unwrap gives what lies beneath.
func (e *Error) Unwrap() error { return e.Under }

// New makes a failure of a cause with a text for people.
func New(cause typesv1.Cause, format string, args ...any) *Error {
	return &Error{Failure: Of(cause, format, args...)}
}

// Of is New for those who need the message, not an error.
func Of(cause typesv1.Cause, format string, args ...any) *typesv1.Failure {
	text := fmt.Sprintf(format, args...)
	if len(text) > maxText {
		text = text[:maxText]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return &typesv1.Failure{Cause: cause, Text: text}
}

// From finds the failure in an error; one without a failure in it is of cause `otherwise`.
func From(err error, otherwise typesv1.Cause) *typesv1.Failure {
	var own *Error
	if errors.As(err, &own) {
		return own.Failure
	}
	if f := detail(err); f != nil {
		return f
	}
	return Of(otherwise, "%s", err)
}

// Cause is the cause code of an error, CAUSE_UNSPECIFIED if it carries none.
func Cause(err error) typesv1.Cause {
	var own *Error
	if errors.As(err, &own) {
		return own.Failure.GetCause()
	}
	return detail(err).GetCause()
}

// detail is the Failure in the details of a Connect error, nil if there is none.
func detail(err error) *typesv1.Failure {
	var answer *connect.Error
	if !errors.As(err, &answer) {
		return nil
	}
	for _, d := range answer.Details() {
		if value, err := d.Value(); err == nil {
			if f, ok := value.(*typesv1.Failure); ok && f.GetCause() != typesv1.Cause_CAUSE_UNSPECIFIED {
				return f
			}
		}
	}
	return nil
}

// Connect turns any error into a Connect error with a Failure in its details.
func Connect(err error) *connect.Error {
	f := From(err, typesv1.Cause_CAUSE_UNKNOWN)
	answer := connect.NewError(code(f.GetCause()), errors.New(f.GetText()))
	if d, err := connect.NewErrorDetail(f); err == nil {
		answer.AddDetail(d)
	}
	return answer
}

func code(cause typesv1.Cause) connect.Code {
	switch cause {
	case typesv1.Cause_CAUSE_INVALID_ARGUMENT, typesv1.Cause_CAUSE_ANSWER_INVALID:
		return connect.CodeInvalidArgument
	case typesv1.Cause_CAUSE_NOT_PERMITTED, typesv1.Cause_CAUSE_IN_USE_BY_ANOTHER_USER:
		return connect.CodePermissionDenied
	case typesv1.Cause_CAUSE_UNKNOWN_INTRANET, typesv1.Cause_CAUSE_NOT_FOUND:
		return connect.CodeNotFound
	case typesv1.Cause_CAUSE_ALREADY_EXISTS:
		return connect.CodeAlreadyExists
	case typesv1.Cause_CAUSE_UNKNOWN:
		return connect.CodeInternal
	default:
		return connect.CodeFailedPrecondition
	}
}
