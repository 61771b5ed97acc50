// Package fakecloud is a cloud instance for tests: TLS and the access-point API, with a desired state that the test sets.
package fakecloud

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/gen/sag/accesspoint/v1/accesspointv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
)

// Token is the accepted registration token. It can be used any number of times.
const Token = "registration-token-for-tests"

// Cloud is a running fake.
type Cloud struct {
	accesspointv1connect.UnimplementedAccessPointServiceHandler
	server *httptest.Server

	mu         sync.Mutex
	epoch      uint64
	revision   uint64
	settings   *accesspointv1.Settings
	peers      map[string]*accesspointv1.Peer
	flowLogs   []*accesspointv1.FlowLog
	instances  map[string]*accesspointv1.Instance
	stream     chan *accesspointv1.WatchResponse
	identities map[string]bool
	failAcks   int

	// Curve is the key exchange of the last call's connection, a tls.CurveID.
	Curve atomic.Uint32
	// Registered, Watched, Acks and Reports receive the calls, in order.
	Registered chan *accesspointv1.RegisterRequest
	Watched    chan *accesspointv1.WatchRequest
	Acks       chan *accesspointv1.AcknowledgeRequest
	Reports    chan *accesspointv1.ReportRequest
}

// New starts a fake that is closed at the end of the test.
func New(t testing.TB, probeAddress string) *Cloud {
	t.Helper()
	return NewAt(t, "127.0.0.1:0", probeAddress)
}

// NewAt starts a fake at an address.
func NewAt(t testing.TB, address, probeAddress string) *Cloud {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cloud{
		epoch: 1, revision: 1,
		settings:   &accesspointv1.Settings{ProbeAddress: probeAddress},
		peers:      map[string]*accesspointv1.Peer{},
		instances:  map[string]*accesspointv1.Instance{},
		identities: map[string]bool{},
		Registered: make(chan *accesspointv1.RegisterRequest, 100),
		Watched:    make(chan *accesspointv1.WatchRequest, 100),
		Acks:       make(chan *accesspointv1.AcknowledgeRequest, 100),
		Reports:    make(chan *accesspointv1.ReportRequest, 100),
	}
	_, handler := accesspointv1connect.NewAccessPointServiceHandler(c)
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Curve.Store(uint32(r.TLS.CurveID))
		handler.ServeHTTP(w, r)
	}))
	_ = c.server.Listener.Close()
	c.server.Listener = listener
	c.server.EnableHTTP2 = true
	c.server.StartTLS()
	t.Cleanup(func() {
		c.Drop()
		c.server.CloseClientConnections()
		c.server.Close()
	})
	return c
}

// URL returns the server's address.
func (c *Cloud) URL() string { return c.server.URL }

// Pin returns the pin of the server's certificate.
func (c *Cloud) Pin() string {
	sum := sha256.Sum256(c.server.Certificate().RawSubjectPublicKeyInfo)
	return "sha256/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// Upsert adds peers to the desired state, or replaces them, and notifies the access point.
func (c *Cloud) Upsert(peers ...*accesspointv1.Peer) (revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, peer := range peers {
		c.peers[peer.GetSessionId()] = peer
	}
	return c.send(&accesspointv1.Delta{Upsert: peers, FlowLogs: c.flowLogs, Instances: c.instancesOf(peers)})
}

// SetFlowLogs sets the flow logs that are sent with peers from now on.
func (c *Cloud) SetFlowLogs(logs ...*accesspointv1.FlowLog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flowLogs = logs
}

// Remove removes sessions from the desired state and notifies the access point.
func (c *Cloud) Remove(ids ...string) (revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		delete(c.peers, id)
	}
	return c.send(&accesspointv1.Delta{Remove: ids})
}

func (c *Cloud) send(delta *accesspointv1.Delta) uint64 {
	c.revision++
	if c.stream != nil {
		c.stream <- &accesspointv1.WatchResponse{
			Epoch: c.epoch, Revision: c.revision, Change: &accesspointv1.WatchResponse_Delta{Delta: delta},
		}
	}
	return c.revision
}

// Drop ends the stream.
func (c *Cloud) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream != nil {
		close(c.stream)
		c.stream = nil
	}
}

// Restart starts a new epoch with these peers only, as a restarted cloud instance does.
func (c *Cloud) Restart(peers ...*accesspointv1.Peer) {
	c.mu.Lock()
	c.epoch++
	c.revision = 1
	c.peers = map[string]*accesspointv1.Peer{}
	for _, peer := range peers {
		c.peers[peer.GetSessionId()] = peer
	}
	c.mu.Unlock()
	c.Drop()
}

// Forget invalidates all identities.
func (c *Cloud) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identities = map[string]bool{}
}

// FailAcks makes the next acknowledgements fail.
func (c *Cloud) FailAcks(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failAcks = n
}

// Register implements the API.
func (c *Cloud) Register(_ context.Context, r *connect.Request[accesspointv1.RegisterRequest]) (*connect.Response[accesspointv1.RegisterResponse], error) {
	if r.Msg.GetToken() != Token {
		return nil, connect.NewError(connect.CodeUnauthenticated, errors.New("unknown token"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	identity := "identity-0123456789-" + time.Now().Format(time.RFC3339Nano)
	c.identities[identity] = true
	c.Registered <- r.Msg
	return connect.NewResponse(&accesspointv1.RegisterResponse{
		Hello: &typesv1.Hello{Version: "0.1.0"}, AccessPointId: "ap-1", Identity: identity,
	}), nil
}

func (c *Cloud) authorized(header interface{ Get(string) string }) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.identities[strings.TrimPrefix(header.Get("Authorization"), "Bearer ")] {
		return connect.NewError(connect.CodeUnauthenticated, errors.New("unknown identity"))
	}
	return nil
}

// Watch implements the API.
func (c *Cloud) Watch(ctx context.Context, r *connect.Request[accesspointv1.WatchRequest], out *connect.ServerStream[accesspointv1.WatchResponse]) error {
	if err := c.authorized(r.Header()); err != nil {
		return err
	}
	c.Watched <- r.Msg
	c.mu.Lock()
	if c.stream != nil {
		close(c.stream)
	}
	stream := make(chan *accesspointv1.WatchResponse, 100)
	c.stream = stream
	var peers []*accesspointv1.Peer
	for _, peer := range c.peers {
		peers = append(peers, peer)
	}
	half := len(peers) / 2
	parts := []*accesspointv1.Snapshot{
		{Settings: c.settings, Peers: peers[:half], FlowLogs: c.flowLogs, Instances: c.instancesOf(peers[:half])},
		{Peers: peers[half:], FlowLogs: c.flowLogs, Instances: c.instancesOf(peers[half:]), Last: true},
	}
	epoch, revision := c.epoch, c.revision
	c.mu.Unlock()
	for _, part := range parts {
		if err := out.Send(&accesspointv1.WatchResponse{
			Epoch: epoch, Revision: revision, Change: &accesspointv1.WatchResponse_Snapshot{Snapshot: part},
		}); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case message, ok := <-stream:
			if !ok {
				return nil
			}
			if err := out.Send(message); err != nil {
				return err
			}
		}
	}
}

// Acknowledge implements the API.
func (c *Cloud) Acknowledge(_ context.Context, r *connect.Request[accesspointv1.AcknowledgeRequest]) (*connect.Response[accesspointv1.AcknowledgeResponse], error) {
	if err := c.authorized(r.Header()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	fail := c.failAcks > 0
	if fail {
		c.failAcks--
	}
	c.mu.Unlock()
	if fail {
		return nil, connect.NewError(connect.CodeUnavailable, errors.New("the test requested this error"))
	}
	c.Acks <- r.Msg
	return connect.NewResponse(&accesspointv1.AcknowledgeResponse{}), nil
}

// Report implements the API.
func (c *Cloud) Report(_ context.Context, r *connect.Request[accesspointv1.ReportRequest]) (*connect.Response[accesspointv1.ReportResponse], error) {
	if err := c.authorized(r.Header()); err != nil {
		return nil, err
	}
	c.Reports <- r.Msg
	return connect.NewResponse(&accesspointv1.ReportResponse{}), nil
}

// WaitAck waits until a revision, or a later one of its epoch, is acknowledged.
func (c *Cloud) WaitAck(t testing.TB, revision uint64) *accesspointv1.AcknowledgeRequest {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case ack := <-c.Acks:
			if ack.GetRevision() >= revision {
				return ack
			}
		case <-timeout:
			t.Fatalf("revision %d was not acknowledged", revision)
		}
	}
}
