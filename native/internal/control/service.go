package control

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/limits"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel"
)

const (
	// maxMessage limits a request or response, bytes.
	maxMessage = 256 << 10
	// heartbeatInterval is the time between heartbeats on a stream.
	heartbeatInterval = 20 * time.Second
	// trafficInterval is the time between traffic updates to an attentive watcher.
	trafficInterval = time.Second
	// pingTimeout is the default timeout of a ping.
	pingTimeout = 2 * time.Second
)

// bodyLimit is the timeout for receiving a request. It is a variable for tests.
var bodyLimit = 10 * time.Second

// Tunnel is what the RPCs operate on: the tunnel of one intranet, or the service's tunnels that the caller has access to.
type Tunnel interface {
	Prepare(intranetID string) (attemptID string, publicKey []byte, err error)
	Start(request tunnel.StartRequest) (*tunnel.State, error)
	Stop(ctx context.Context, intranetID string) (*tunnel.State, error)
	States(ctx context.Context, probe bool) ([]*tunnel.State, error)
	// Watch returns all states and a channel of changes. The channel is used until Done.
	Watch() (now []*tunnel.State, revision uint64, changes <-chan tunnel.Snapshot, leave func())
	Attend() (leave func())
	Done() <-chan struct{}
}

// Single is the tunnel of one intranet.
type Single interface {
	Prepare(intranetID string) (attemptID string, publicKey []byte, err error)
	Start(request tunnel.StartRequest) (*tunnel.State, error)
	Stop(ctx context.Context, intranetID string) (*tunnel.State, error)
	State(ctx context.Context, probe bool) (*tunnel.State, error)
	Watch() (now tunnel.Snapshot, changes <-chan tunnel.Snapshot, leave func())
	Attend() (leave func())
	Done() <-chan struct{}
}

// one adapts a Single to Tunnel.
type one struct{ Single }

// States implements Tunnel.
func (t one) States(ctx context.Context, probe bool) ([]*tunnel.State, error) {
	state, err := t.State(ctx, probe)
	if err != nil {
		return nil, err
	}
	return []*tunnel.State{state}, nil
}

// Watch implements Tunnel.
func (t one) Watch() (now []*tunnel.State, revision uint64, changes <-chan tunnel.Snapshot, leave func()) {
	first, changes, leave := t.Single.Watch()
	return []*tunnel.State{first.State}, first.Revision, changes, leave
}

// Pinger is a Tunnel of proxy mode, where other programs cannot send ICMP through the tunnel.
type Pinger interface {
	Ping(ctx context.Context, intranetID, host string) (netip.Addr, time.Duration, error)
}

// service implements the RPC contract.
type service struct {
	// of returns the tunnels that the caller has access to.
	of      func(context.Context) (Tunnel, error)
	mode    typesv1.Mode
	version string
	epoch   uint64
}

var _ tunnelv1connect.TunnelServiceHandler = (*service)(nil)

// Handler serves a tunnel.
func Handler(t Single, version string) http.Handler {
	return handler(typesv1.Mode_MODE_PROXY, version, func(context.Context) (Tunnel, error) { return one{t}, nil })
}

func handler(mode typesv1.Mode, version string, of func(context.Context) (Tunnel, error)) http.Handler {
	var epoch [8]byte
	_, _ = rand.Read(epoch[:]) // never fails
	mux := http.NewServeMux()
	mux.Handle(tunnelv1connect.NewTunnelServiceHandler(
		&service{of: of, mode: mode, version: version, epoch: binary.BigEndian.Uint64(epoch[:]) | 1},
		connect.WithReadMaxBytes(maxMessage), connect.WithSendMaxBytes(maxMessage), connect.WithInterceptors(contract{}),
	))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection := http.NewResponseController(w)
		_ = connection.SetReadDeadline(time.Now().Add(bodyLimit))
		// A streaming call has no read deadline, because its caller sends nothing more.
		keepOpen := func() { _ = connection.SetReadDeadline(time.Time{}) }
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keepOpenKey{}, keepOpen)))
	})
}

type keepOpenKey struct{}

func (s *service) Attach(_ context.Context, _ *connect.Request[tunnelv1.AttachRequest]) (*connect.Response[tunnelv1.AttachResponse], error) {
	return connect.NewResponse(&tunnelv1.AttachResponse{
		Hello: &typesv1.Hello{Version: s.version}, Mode: s.mode, Pid: uint32(os.Getpid()),
	}), nil
}

func (s *service) Prepare(ctx context.Context, r *connect.Request[tunnelv1.PrepareRequest]) (*connect.Response[tunnelv1.PrepareResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	attempt, public, err := t.Prepare(r.Msg.GetIntranetId())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.PrepareResponse{AttemptId: attempt, PublicKey: public}), nil
}

func (s *service) Start(ctx context.Context, r *connect.Request[tunnelv1.StartRequest]) (*connect.Response[tunnelv1.StartResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	state, err := t.Start(StartRequest(r.Msg))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.StartResponse{State: StateMessage(state)}), nil
}

func (s *service) Stop(ctx context.Context, r *connect.Request[tunnelv1.StopRequest]) (*connect.Response[tunnelv1.StopResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	state, err := t.Stop(ctx, r.Msg.GetIntranetId())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.StopResponse{State: StateMessage(state)}), nil
}

func (s *service) GetStates(ctx context.Context, r *connect.Request[tunnelv1.GetStatesRequest]) (*connect.Response[tunnelv1.GetStatesResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	states, err := t.States(ctx, r.Msg.GetProbe())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.GetStatesResponse{States: stateMessages(states)}), nil
}

func (s *service) Ping(ctx context.Context, r *connect.Request[tunnelv1.PingRequest]) (*connect.Response[tunnelv1.PingResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	var pinger Pinger
	single, ok := t.(one)
	if ok {
		pinger, ok = single.Single.(Pinger)
	}
	if !ok {
		return nil, failure.New(failure.NotPermitted, msg.PingInSystemMode())
	}
	timeout := pingTimeout
	if p := r.Msg.GetPatience(); p != nil {
		timeout = p.AsDuration()
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address, trip, err := pinger.Ping(ctx, r.Msg.GetIntranetId(), r.Msg.GetHost())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.PingResponse{Address: address.String(), RoundTrip: durationpb.New(trip)}), nil
}

// contract checks requests against the limits of the contract and adds causes to errors.
type contract struct{}

func (contract) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if err := check(r.Any()); err != nil {
			return nil, wire.Connect(err)
		}
		answer, err := next(ctx, r)
		if err != nil {
			return nil, wire.Connect(err)
		}
		return answer, nil
	}
}

func (contract) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (contract) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func check(message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return nil
	}
	err := limits.Check(m)
	var broken *limits.Violation
	if !errors.As(err, &broken) {
		return err
	}
	f := failure.Of(failure.InvalidArgument, broken.Message)
	if start, ok := m.(*tunnelv1.StartRequest); ok && strings.HasPrefix(broken.Field, "session.") {
		// The session in the request came from the cloud instance, so the caller is not at fault.
		f.Cause = failure.AnswerInvalid
		if _, err := cloudapi.Parse(start.GetSession()); err != nil {
			f = failure.From(err, failure.AnswerInvalid)
		}
	}
	f.Field = broken.Field
	return &failure.Error{Failure: f}
}
