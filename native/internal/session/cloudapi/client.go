// Package cloudapi is the client of a cloud instance's session API. It converts sessions and events of the contract to
// those of package session.
package cloudapi

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/gen/sag/client/v1/clientv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/limits"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/panics"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
)

const (
	// maxMessage bounds a message, bytes.
	maxMessage  = 256 << 10
	dialLimit   = 3 * time.Second
	answerLimit = 5 * time.Second
	// pingAfter is how long a connection may be idle before an HTTP/2 ping is sent, pingLimit how long the reply may take.
	// With one failed retry, a cloud that vanished without closing the connection is detected within 20 s.
	pingAfter = 10 * time.Second
	pingLimit = 5 * time.Second
)

// Client calls the cloud for one session.
type Client struct {
	rpc         clientv1connect.SessionServiceClient
	transport   *http.Transport
	hello       *typesv1.Hello
	keyExchange atomic.Pointer[string]
}

// NewMarked returns a client, which connects on first use. The fwmark keeps its packets out of the tunnel in system mode; 0
// = none.
func NewMarked(cloud session.Cloud, token secret.Secret, version string, mark uint32) *Client {
	c := &Client{hello: &typesv1.Hello{Version: version}}
	c.transport = &http.Transport{
		// A proxy from the environment is not used: it may be this tunnel's own.
		DialContext:            (&net.Dialer{Timeout: dialLimit, KeepAlive: 15 * time.Second, Control: marker(mark)}).DialContext,
		TLSClientConfig:        c.tls(cloud.Pins),
		TLSHandshakeTimeout:    dialLimit,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingLimit},
		MaxIdleConns:           2,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
	c.rpc = clientv1connect.NewSessionServiceClient(
		&http.Client{Transport: &authorised{next: c.transport, token: token}, CheckRedirect: noRedirect},
		strings.TrimSuffix(cloud.URL, "/"), connect.WithReadMaxBytes(maxMessage), connect.WithSendMaxBytes(maxMessage),
	)
	return c
}

// noRedirect stops redirects, so that the token is not sent to another server.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (c *Client) tls(pins []session.Pin) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// With pins, VerifyConnection replaces the check against certificate authorities.
		InsecureSkipVerify: len(pins) > 0,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(pins) > 0 && !pinned(state.PeerCertificates, pins) {
				return failure.New(failure.InstanceIdentityChanged, msg.CloudCertificateUnpinned())
			}
			name := state.CurveID.String()
			c.keyExchange.Store(&name)
			return nil
		},
	}
}

func pinned(chain []*x509.Certificate, pins []session.Pin) bool {
	if len(chain) == 0 {
		return false
	}
	key := sha256.Sum256(chain[0].RawSubjectPublicKeyInfo)
	for _, pin := range pins {
		if pin == key {
			return true
		}
	}
	return false
}

type authorised struct {
	next  http.RoundTripper
	token secret.Secret
}

func (a *authorised) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	return a.next.RoundTrip(r)
}

// KeyExchange returns the key exchange that TLS negotiated, for example "X25519MLKEM768"; empty before the first
// connection.
func (c *Client) KeyExchange() string {
	if name := c.keyExchange.Load(); name != nil {
		return *name
	}
	return ""
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Renew extends the lease; publicKey, if not nil, replaces the session's key.
func (c *Client) Renew(ctx context.Context, publicKey []byte) (*session.Session, error) {
	s, _, err := c.Confirm(ctx, publicKey)
	return s, err
}

// Confirm is Renew and also returns the pins of the keys that the cloud instance uses now or may use next (SHA-256 of the
// SubjectPublicKeyInfo); none if it announces none.
func (c *Client) Confirm(ctx context.Context, publicKey []byte) (s *session.Session, pins []session.Pin, err error) {
	defer panics.Error(&err, "a renewal of the session")
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	answer, err := c.rpc.Renew(ctx, connect.NewRequest(&clientv1.RenewRequest{Hello: c.hello, PublicKey: publicKey}))
	if err != nil {
		c.Close() // a connection that failed is not used again
		return nil, nil, meaning(err)
	}
	for _, pin := range answer.Msg.GetSpkiPins() {
		if len(pin) == sha256.Size {
			pins = append(pins, session.Pin(pin))
		}
	}
	s, err = Parse(answer.Msg.GetSession())
	return s, pins, err
}

// HangUp ends the session.
func (c *Client) HangUp(ctx context.Context) (err error) {
	defer panics.Error(&err, "the end of the session")
	_, err = c.rpc.HangUp(ctx, connect.NewRequest(&clientv1.HangUpRequest{}))
	return meaning(err)
}

// Events passes the cloud instance's events to report until the stream ends, which it always does with an error.
func (c *Client) Events(ctx context.Context, report func(session.Event)) (err error) {
	defer panics.Error(&err, "an event of the cloud instance")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Until the first event the timeout is answerLimit; afterwards the caller checks for heartbeats.
	silent := time.AfterFunc(answerLimit, cancel)
	defer silent.Stop()
	stream, err := c.rpc.Events(ctx, connect.NewRequest(&clientv1.EventsRequest{Hello: c.hello}))
	if err != nil {
		c.Close()
		return meaning(err)
	}
	defer c.Close()
	defer func() { _ = stream.Close() }()
	for stream.Receive() {
		silent.Stop()
		if err := limits.Check(stream.Msg()); err != nil {
			return failure.New(failure.AnswerInvalid, msg.CloudEventInvalid(err.Error()))
		}
		report(eventOf(stream.Msg()))
	}
	if err := stream.Err(); err != nil {
		return meaning(err)
	}
	return failure.New(failure.InstanceUnreachable, msg.CloudEventsEnded())
}
