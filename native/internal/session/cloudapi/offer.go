package cloudapi

import (
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
)

// Offer is a session as a caller of the local RPC sends it; Session validates it. Of an untrusted caller's, only token and
// code are used.
type Offer struct{ message *clientv1.Session }

// Offered wraps the session of a request.
func Offered(m *clientv1.Session) Offer { return Offer{m} }

// Token returns the session's token, without validation of the rest.
func (o Offer) Token() secret.Secret { return secret.Secret(o.message.GetSessionToken()) }

// EnterpriseCode returns the code that the caller claims.
func (o Offer) EnterpriseCode() string { return o.message.GetEnterpriseCode() }

// Session validates and returns the session; it fails without a token.
func (o Offer) Session() (*session.Session, error) {
	s, err := Parse(o.message)
	if err == nil && s.Token == "" {
		return nil, ErrNoToken
	}
	return s, err
}

// ErrNoToken means that a session has no token and can therefore not be renewed or ended.
var ErrNoToken = failure.New(failure.AnswerInvalid, msg.SessionWithoutToken())
