package agent

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"connectrpc.com/connect"
)

// reason is why the cloud instance cannot be reached. It is coarse, so that a repeated failure has the same reason.
type reason string

const (
	identityChanged    reason = "the cloud instance has another key than the pinned one"
	certificateUnknown reason = "the cloud instance's certificate is not trusted"
)

// hint is what an administrator can do about it; "" = nothing.
func (r reason) hint() string {
	switch r {
	case identityChanged:
		return "if the change is intended, start with --pin and the pin of sag-cloud's ready line"
	case certificateUnknown:
		return "give --pin and the pin of sag-cloud's ready line, or trust its authority with SSL_CERT_FILE"
	}
	return ""
}

func reasonOf(err error) reason {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, ErrIdentityChanged):
		return identityChanged
	case errors.Is(err, ErrCertificateUnknown), errors.As(err, &certificate), errors.As(err, &authority):
		return certificateUnknown
	case err == nil:
		return ""
	}
	return reason(connect.CodeOf(err).String())
}
