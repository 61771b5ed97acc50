package session

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"connectrpc.com/connect"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// meaning gives an error its cause: the cloud's own word if it has one, else what the connection shows.
func meaning(err error) error {
	if err == nil {
		return nil
	}
	if cause := failure.Cause(err); cause != typesv1.Cause_CAUSE_UNSPECIFIED {
		return &failure.Error{Failure: failure.From(err, cause), Under: err}
	}
	cause, text := guess(err)
	return &failure.Error{Failure: failure.Of(cause, "%s", text), Under: err}
}

func guess(err error) (typesv1.Cause, string) {
	var authority x509.UnknownAuthorityError
	var verification *tls.CertificateVerificationError
	if errors.As(err, &authority) || errors.As(err, &verification) {
		return typesv1.Cause_CAUSE_INSTANCE_IDENTITY_UNKNOWN, "the cloud instance's certificate is not known to this machine"
	}
	said := connect.IsWireError(err)
	switch code := connect.CodeOf(err); {
	case code == connect.CodeUnauthenticated:
		return typesv1.Cause_CAUSE_SESSION_EXPIRED, "the cloud instance does not know this session any longer"
	case code == connect.CodeResourceExhausted && !said:
		return typesv1.Cause_CAUSE_ANSWER_TOO_LARGE, "the cloud instance's answer is larger than 256 KiB"
	case (code == connect.CodeUnknown || code == connect.CodeInternal || code == connect.CodeInvalidArgument) && !said:
		return typesv1.Cause_CAUSE_ANSWER_INVALID, "the cloud instance's answer could not be understood"
	default:
		return typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, "the cloud instance can not be reached"
	}
}
