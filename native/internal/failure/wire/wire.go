// Package wire converts failures to and from protobuf and Connect errors. Only the RPC boundary uses it.
package wire

import (
	"errors"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// Message converts a failure to protobuf; nil stays nil.
func Message(f *failure.Failure) *typesv1.Failure {
	if f == nil {
		return nil
	}
	m := &typesv1.Failure{
		Cause: typesv1.Cause(f.Cause), Text: f.Text, RetryAfter: duration(f.RetryAfter), DeviceName: f.DeviceName, Field: f.Field,
		MessageKey: f.Key, MessageParams: f.Params,
	}
	for _, s := range f.Sessions {
		m.Sessions = append(m.Sessions, &typesv1.ActiveSession{
			SessionId: s.SessionID, DeviceName: s.DeviceName, Age: duration(s.Age), ClientAddress: s.ClientAddress,
		})
	}
	return m
}

// Failure converts a failure from protobuf; nil stays nil.
func Failure(m *typesv1.Failure) *failure.Failure {
	if m == nil {
		return nil
	}
	f := &failure.Failure{
		Cause: failure.Cause(m.GetCause()), RetryAfter: m.GetRetryAfter().AsDuration(), DeviceName: m.GetDeviceName(), Field: m.GetField(),
		Message: msg.Message{Key: m.GetMessageKey(), Params: m.GetMessageParams(), Text: m.GetText()},
	}
	for _, s := range m.GetSessions() {
		f.Sessions = append(f.Sessions, failure.ActiveSession{
			SessionID: s.GetSessionId(), DeviceName: s.GetDeviceName(), Age: s.GetAge().AsDuration(), ClientAddress: s.GetClientAddress(),
		})
	}
	return f
}

func duration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// Received returns the failure in the details of a server's error, nil if there is none.
func Received(err error) *failure.Failure {
	var answer *connect.Error
	if !errors.As(err, &answer) {
		return nil
	}
	for _, d := range answer.Details() {
		if value, err := d.Value(); err == nil {
			if m, ok := value.(*typesv1.Failure); ok && m.GetCause() != typesv1.Cause_CAUSE_UNSPECIFIED {
				return Failure(m)
			}
		}
	}
	return nil
}

// Connect turns any error into a Connect error with a Failure in its details.
func Connect(err error) *connect.Error {
	f := failure.From(err, failure.Unknown)
	answer := connect.NewError(code(f.Cause), errors.New(f.Text))
	if d, err := connect.NewErrorDetail(Message(f)); err == nil {
		answer.AddDetail(d)
	}
	return answer
}

func code(cause failure.Cause) connect.Code {
	switch cause {
	case failure.InvalidArgument, failure.AnswerInvalid:
		return connect.CodeInvalidArgument
	case failure.NotPermitted, failure.InUseByAnotherUser:
		return connect.CodePermissionDenied
	case failure.UnknownIntranet, failure.NotFound:
		return connect.CodeNotFound
	case failure.AlreadyExists:
		return connect.CodeAlreadyExists
	case failure.Unknown:
		return connect.CodeInternal
	default:
		return connect.CodeFailedPrecondition
	}
}
