package cloudapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"connectrpc.com/connect"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
)

// meaning maps an error to its cause: the one that the cloud sent, or else one derived from the connection's error.
func meaning(err error) error {
	if err == nil {
		return nil
	}
	if f := wire.Received(err); f != nil {
		return &failure.Error{Failure: f, Under: err}
	}
	if cause := failure.CauseOf(err); cause != failure.Unspecified {
		return &failure.Error{Failure: failure.From(err, cause), Under: err}
	}
	cause, message := guess(err)
	return failure.Over(err, cause, message)
}

// connectionLost is net/http's text for an unanswered ping; there is no error value to compare with.
const connectionLost = "http2: client connection lost"

func guess(err error) (failure.Cause, msg.Message) {
	var authority x509.UnknownAuthorityError
	var verification *tls.CertificateVerificationError
	if errors.As(err, &authority) || errors.As(err, &verification) {
		return failure.InstanceIdentityUnknown, msg.CloudCertificateUnknown()
	}
	if strings.Contains(err.Error(), connectionLost) {
		return failure.InstanceUnreachable, msg.CloudSilent()
	}
	fromServer := connect.IsWireError(err)
	switch code := connect.CodeOf(err); {
	case code == connect.CodeUnauthenticated:
		return failure.SessionExpired, msg.CloudSessionUnknown()
	case code == connect.CodeResourceExhausted && !fromServer:
		return failure.AnswerTooLarge, msg.CloudAnswerTooLarge()
	case (code == connect.CodeUnknown || code == connect.CodeInternal || code == connect.CodeInvalidArgument) && !fromServer:
		return failure.AnswerInvalid, msg.CloudAnswerInvalid()
	default:
		return failure.InstanceUnreachable, msg.CloudUnreachable()
	}
}
