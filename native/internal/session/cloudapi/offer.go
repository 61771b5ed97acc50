package cloudapi

import (
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
)

// Offer is a session as a caller of the local RPC sends it, not validated before Session parses it. From an untrusted caller, only
// the token and the code are read.
type Offer struct{ message *clientv1.Session }

// Offered is the offer of a request.
func Offered(m *clientv1.Session) Offer { return Offer{m} }

// Token is the session's token, whatever else holds.
func (o Offer) Token() secret.Secret { return secret.Secret(o.message.GetSessionToken()) }

// EnterpriseCode is the one that the caller claims.
func (o Offer) EnterpriseCode() string { return o.message.GetEnterpriseCode() }

// Session is the session in the offer; without a token it is none.
func (o Offer) Session() (*session.Session, error) {
	s, err := Parse(o.message)
	if err == nil && s.Token == "" {
		return nil, ErrNoToken
	}
	return s, err
}

// ErrNoToken means that a session cannot be renewed or ended.
var ErrNoToken = failure.New(failure.AnswerInvalid, msg.SessionWithoutToken())
