package tunneltest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/gen/sag/client/v1/clientv1connect"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
)

// Token is the session's token.
const Token = "token-of-the-session"

// Code is the company's enterprise code.
const Code = "T3ST1"

// Company is a cloud instance with one session, its access points and their intranet.
type Company struct {
	clientv1connect.UnimplementedSessionServiceHandler
	Intranet     *Intranet
	AccessPoints []*AccessPoint
	// Lease of the next session or renewal; clients renew after half of it.
	Lease time.Duration

	t           testing.TB
	certificate tls.Certificate
	address     string
	server      *http.Server

	mu          sync.Mutex
	incarnation uint32
	publicKey   []byte
	keysLost    int // how often keys were lost; pre-shared keys are derived from it
	renewals    int
	hungUp      int
	refusal     *failure.Failure
	silent      bool
	domains     []string
	revision    int
	pins        [][]byte
	streams     map[chan *clientv1.EventsResponse]struct{}
	// tamper changes sessions before they are returned.
	tamper func(*clientv1.Session)
}

// NewCompany starts a company with the given number of access points.
func NewCompany(t testing.TB, accessPoints int) *Company {
	t.Helper()
	c := &Company{
		t: t, Intranet: newIntranet(), Lease: time.Hour, certificate: selfMade(t), address: "127.0.0.1:0",
		domains: []string{Domain}, streams: map[chan *clientv1.EventsResponse]struct{}{},
	}
	t.Cleanup(func() { _ = c.Intranet.in.Close() })
	for i := range accessPoints {
		c.AccessPoints = append(c.AccessPoints, newAccessPoint(t, fmt.Sprintf("ap-%d", i+1), byte(i+1), c.Intranet.forward()))
	}
	c.Start()
	t.Cleanup(c.Kill)
	return c
}

func selfMade(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// Start starts the cloud instance, or restarts it at the same address.
func (c *Company) Start() {
	c.t.Helper()
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.address = listener.Addr().String()
	mux := http.NewServeMux()
	mux.Handle(clientv1connect.NewSessionServiceHandler(c))
	c.server = &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{c.certificate}},
	}
	server := c.server
	go func() { _ = server.ServeTLS(listener, "", "") }()
}

// Kill stops the cloud instance without closing connections in order.
func (c *Company) Kill() { _ = c.server.Close() }

// Cloud returns the URL and key pin of the cloud instance.
func (c *Company) Cloud() *tunnelv1.Cloud {
	pin := sha256.Sum256(c.certificate.Leaf.RawSubjectPublicKeyInfo)
	return &tunnelv1.Cloud{Url: "https://" + c.address, SpkiPins: [][]byte{pin[:]}}
}

// Dial creates a session for a public key.
func (c *Company) Dial(publicKey []byte) *clientv1.Session {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.incarnation++
	c.publicKey = publicKey
	return c.session()
}

func (c *Company) session() *clientv1.Session {
	s := &clientv1.Session{
		SessionId: strings.Repeat("5a", 16), SessionToken: Token,
		Addresses: []string{"10.90.0.2/32", "fd00:5a09::2/128"}, Routes: Routes, Mtu: 1280,
		Dns:   &clientv1.Dns{Servers: []string{NameServer.String()}, Domains: c.domains},
		Lease: durationpb.New(c.Lease), RenewAfter: durationpb.New(c.Lease / 2),
		Incarnation: c.incarnation, ProfileRevision: fmt.Sprint(c.revision), DisplayName: "Company", EnterpriseCode: Code,
		Hops: []*typesv1.Hop{{Kind: typesv1.HopKind_HOP_KIND_INSTANCE, Id: "instance-1", Whole: true}},
	}
	for i, ap := range c.AccessPoints {
		psk := sha256.Sum256(fmt.Appendf(nil, "%s %d", ap.ID, c.keysLost))
		s.AccessPoints = append(s.AccessPoints, &clientv1.AccessPoint{
			Id: ap.ID, Name: fmt.Sprint("access point ", i+1), PublicKey: publicOf(ap), ProbeAddress: ap.ProbeAddress.String(),
			PresharedKey: psk[:], Ready: true,
			Endpoints: []*clientv1.Endpoint{{
				Transport: clientv1.Transport_TRANSPORT_UDP, Host: ap.at.Addr().String(), Port: uint32(ap.at.Port()),
			}},
		})
		ap.Serve(engine.PeerConfig{PublicKey: engine.Key(c.publicKey), PresharedKey: psk, AllowedIPs: prefixes(s.Addresses)})
	}
	if c.tamper != nil {
		c.tamper(s)
	}
	return s
}

func publicOf(ap *AccessPoint) []byte {
	key := ap.private.Public()
	return key[:]
}

func (c *Company) allowed(ctx context.Context, header http.Header) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent {
		c.mu.Unlock()
		<-ctx.Done()
		c.mu.Lock()
	}
	if header.Get("Authorization") != "Bearer "+Token {
		return connect.NewError(connect.CodeUnauthenticated, errors.New("unknown token"))
	}
	if c.refusal != nil {
		return wire.Connect(&failure.Error{Failure: c.refusal})
	}
	return nil
}

// Renew implements the session service.
func (c *Company) Renew(ctx context.Context, r *connect.Request[clientv1.RenewRequest]) (*connect.Response[clientv1.RenewResponse], error) {
	if err := c.allowed(ctx, r.Header()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renewals++
	if key := r.Msg.GetPublicKey(); len(key) > 0 {
		c.publicKey = key
		c.incarnation++
	}
	s := c.session()
	s.SessionToken = ""
	return connect.NewResponse(&clientv1.RenewResponse{Session: s, SpkiPins: c.pins}), nil
}

// LoseKeys replaces the pre-shared keys without an event to the client. With publicKey the client's public key is replaced
// by another, as after a restored backup.
func (c *Company) LoseKeys(publicKey bool) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keysLost++
	if publicKey {
		former, err := engine.NewPrivateKey()
		if err != nil {
			c.t.Fatal(err)
		}
		key := former.Public()
		c.publicKey = key[:]
	}
	c.session()
}

// HangUp implements the session service.
func (c *Company) HangUp(ctx context.Context, r *connect.Request[clientv1.HangUpRequest]) (*connect.Response[clientv1.HangUpResponse], error) {
	if err := c.allowed(ctx, r.Header()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hungUp++
	return connect.NewResponse(&clientv1.HangUpResponse{}), nil
}

// Events implements the session service.
func (c *Company) Events(ctx context.Context, r *connect.Request[clientv1.EventsRequest], stream *connect.ServerStream[clientv1.EventsResponse]) error {
	if err := c.allowed(ctx, r.Header()); err != nil {
		return err
	}
	events := make(chan *clientv1.EventsResponse, 16)
	c.mu.Lock()
	c.streams[events] = struct{}{}
	opened := &clientv1.Opened{ProfileRevision: fmt.Sprint(c.revision)}
	c.mu.Unlock()
	defer func() { c.mu.Lock(); delete(c.streams, events); c.mu.Unlock() }()
	if err := stream.Send(&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Opened{Opened: opened}}); err != nil {
		return err
	}
	for {
		select {
		case e := <-events:
			if err := stream.Send(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Say sends an event to every open stream.
func (c *Company) Say(e *clientv1.EventsResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for events := range c.streams {
		events <- e
	}
}

// End ends the session with a cause.
func (c *Company) End(f *failure.Failure) {
	c.mu.Lock()
	c.refusal = f
	c.mu.Unlock()
	c.Say(&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Ended{Ended: wire.Message(f)}})
}

// Silence makes every further call hang without an answer.
func (c *Company) Silence() { c.mu.Lock(); defer c.mu.Unlock(); c.silent = true }

// SetDomains changes the DNS domains and sends a ProfileChanged event.
func (c *Company) SetDomains(domains ...string) {
	c.mu.Lock()
	c.domains = domains
	c.revision++
	changed := &clientv1.ProfileChanged{ProfileRevision: fmt.Sprint(c.revision)}
	c.mu.Unlock()
	c.Say(&clientv1.EventsResponse{Event: &clientv1.EventsResponse_ProfileChanged{ProfileChanged: changed}})
}

// Tamper sets a function that changes sessions before they are returned.
func (c *Company) Tamper(change func(*clientv1.Session)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tamper = change
}

// Announce sets the key pins that Renew returns.
func (c *Company) Announce(pins ...[]byte) { c.mu.Lock(); defer c.mu.Unlock(); c.pins = pins }

// Listening returns how many event streams are open.
func (c *Company) Listening() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.streams) }

// Renewals counts renewals, HungUp counts HangUp calls, Incarnation counts keys of the session.
func (c *Company) Renewals() int       { c.mu.Lock(); defer c.mu.Unlock(); return c.renewals }
func (c *Company) HungUp() int         { c.mu.Lock(); defer c.mu.Unlock(); return c.hungUp }
func (c *Company) Incarnation() uint32 { c.mu.Lock(); defer c.mu.Unlock(); return c.incarnation }
