// Package session talks to the cloud about this tunnel's own session: Renew, HangUp, Events.
package session

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
	"sag.software/native/internal/secret"
	"sag.software/native/internal/tunnel/profile"
)

const (
	// maxMessage bounds an answer, bytes.
	maxMessage  = 256 << 10
	dialLimit   = 3 * time.Second
	answerLimit = 5 * time.Second
)

// Cloud is where the cloud instance is, and who it has to be.
type Cloud struct {
	// URL is https://HOST[:PORT].
	URL string
	// Pins are SHA-256 of the certificate's public key; none = the system's authorities decide.
	Pins [][32]byte
}

// Client speaks for one session.
type Client struct {
	rpc         clientv1connect.SessionServiceClient
	transport   *http.Transport
	hello       *typesv1.Hello
	keyExchange atomic.Pointer[string]
}

// New makes a client; it connects when first used.
func New(cloud Cloud, token secret.Secret, version string) *Client {
	return NewMarked(cloud, token, version, 0)
}

// NewMarked is New with a mark on its packets, which keeps them out of the tunnel in system mode; 0 = none.
func NewMarked(cloud Cloud, token secret.Secret, version string, mark uint32) *Client {
	c := &Client{hello: &typesv1.Hello{Version: version}}
	c.transport = &http.Transport{
		// No proxy from the environment: it may well be this tunnel's own.
		DialContext:            (&net.Dialer{Timeout: dialLimit, KeepAlive: 15 * time.Second, Control: marker(mark)}).DialContext,
		TLSClientConfig:        c.tls(cloud.Pins),
		TLSHandshakeTimeout:    dialLimit,
		ForceAttemptHTTP2:      true,
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

// noRedirect keeps the token from travelling to where it was not meant to go.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (c *Client) tls(pins [][32]byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// With pins, VerifyConnection decides alone.
		InsecureSkipVerify: len(pins) > 0,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(pins) > 0 && !pinned(state.PeerCertificates, pins) {
				return failure.New(typesv1.Cause_CAUSE_INSTANCE_IDENTITY_CHANGED, "the cloud instance's certificate is not the one that was pinned")
			}
			name := state.CurveID.String()
			c.keyExchange.Store(&name)
			return nil
		},
	}
}

func pinned(chain []*x509.Certificate, pins [][32]byte) bool {
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

// KeyExchange is what TLS negotiated, for example "X25519MLKEM768"; empty before the first contact.
func (c *Client) KeyExchange() string {
	if name := c.keyExchange.Load(); name != nil {
		return *name
	}
	return ""
}

// Close drops the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Renew extends the lease; with a public key, for that key.
func (c *Client) Renew(ctx context.Context, publicKey []byte) (*profile.Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	answer, err := c.rpc.Renew(ctx, connect.NewRequest(&clientv1.RenewRequest{Hello: c.hello, PublicKey: publicKey}))
	if err != nil {
		c.Close() // a connection that does not answer is not to be used again
		return nil, meaning(err)
	}
	return profile.Parse(answer.Msg.GetSession())
}

// HangUp ends the session.
func (c *Client) HangUp(ctx context.Context) error {
	_, err := c.rpc.HangUp(ctx, connect.NewRequest(&clientv1.HangUpRequest{}))
	return meaning(err)
}

// Events hears the cloud's events until the stream ends, which it always does with an error.
func (c *Client) Events(ctx context.Context, heard func(*clientv1.EventsResponse)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Nothing at all within the limit: nobody is there. Afterwards the heartbeat is watched by whoever listens.
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
			return failure.New(typesv1.Cause_CAUSE_ANSWER_INVALID, "an event of the cloud instance is not valid: %s", err)
		}
		heard(stream.Msg())
	}
	if err := stream.Err(); err != nil {
		return meaning(err)
	}
	return failure.New(typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, "the cloud instance ended the stream of events")
}
