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
	"sag.software/native/internal/limits"
	"sag.software/native/internal/system/profile"
	"sag.software/native/internal/tunnel/change"
)

const (
	// maxMessage bounds a request and an answer, bytes.
	maxMessage = 256 << 10
	// heartbeatEvery is the time between signs of life on a stream.
	heartbeatEvery = 20 * time.Second
	// lookEvery is the time between reports of traffic to somebody who looks.
	lookEvery = time.Second
	// pingPatience is how long an echo is waited for when nothing else is asked for.
	pingPatience = 2 * time.Second
)

// bodyLimit is how long a caller may take to send a request. A variable for tests.
var bodyLimit = 10 * time.Second

// Tunnel is what the service drives.
type Tunnel interface {
	Prepare(intranetID string) (attemptID string, publicKey []byte, err error)
	Start(request *tunnelv1.StartRequest) (*tunnelv1.State, error)
	Stop(ctx context.Context, intranetID string) (*tunnelv1.State, error)
	State(ctx context.Context, probe bool) (*tunnelv1.State, error)
	Watch() (now change.Change, changes <-chan change.Change, leave func())
	Attend() (leave func())
	Done() <-chan struct{}
}

// Pinger is a Tunnel of proxy mode: what it carries, nobody but itself can ping.
type Pinger interface {
	Ping(ctx context.Context, intranetID, host string) (netip.Addr, time.Duration, error)
}

// service answers the contract.
type service struct {
	// of is what a caller may drive.
	of      func(context.Context) (Tunnel, error)
	mode    typesv1.Mode
	version string
	epoch   uint64
}

var _ tunnelv1connect.TunnelServiceHandler = (*service)(nil)

// Handler serves a tunnel.
func Handler(t Tunnel, version string) http.Handler {
	return handler(typesv1.Mode_MODE_PROXY, version, func(context.Context) (Tunnel, error) { return t, nil })
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
		// A stream's caller says nothing more; it stays for as long as it likes.
		stay := func() { _ = connection.SetReadDeadline(time.Time{}) }
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stayKey{}, stay)))
	})
}

type stayKey struct{}

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
	state, err := t.Start(r.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.StartResponse{State: state}), nil
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
	return connect.NewResponse(&tunnelv1.StopResponse{State: state}), nil
}

func (s *service) GetStates(ctx context.Context, r *connect.Request[tunnelv1.GetStatesRequest]) (*connect.Response[tunnelv1.GetStatesResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	state, err := t.State(ctx, r.Msg.GetProbe())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.GetStatesResponse{States: list(state)}), nil
}

func (s *service) Ping(ctx context.Context, r *connect.Request[tunnelv1.PingRequest]) (*connect.Response[tunnelv1.PingResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	pinger, ok := t.(Pinger)
	if !ok {
		return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "in system mode any program can ping by itself")
	}
	patience := pingPatience
	if asked := r.Msg.GetPatience(); asked != nil {
		patience = asked.AsDuration()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address, trip, err := pinger.Ping(ctx, r.Msg.GetIntranetId(), r.Msg.GetHost())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.PingResponse{Address: address.String(), RoundTrip: durationpb.New(trip)}), nil
}

func (s *service) Watch(ctx context.Context, r *connect.Request[tunnelv1.WatchRequest], stream *connect.ServerStream[tunnelv1.WatchResponse]) error {
	if stay, ok := ctx.Value(stayKey{}).(func()); ok {
		stay()
	}
	t, err := s.of(ctx)
	if err != nil {
		return failure.Connect(err)
	}
	// Asked for first: what comes to be in between is not missed then.
	done := t.Done()
	now, changes, leave := t.Watch()
	defer leave()
	var look <-chan time.Time
	if r.Msg.GetAttentive() {
		defer t.Attend()()
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		look = ticker.C
	}
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	revision := now.Revision
	send := func(m *tunnelv1.WatchResponse) error {
		m.Epoch, m.Revision = s.epoch, revision
		return stream.Send(m)
	}
	changed := func(c change.Change) error {
		revision = c.Revision
		return send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Changed{Changed: c.State}})
	}
	if err := send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Snapshot{Snapshot: &tunnelv1.Snapshot{States: list(now.State)}}}); err != nil {
		return err
	}
	for {
		var err error
		select {
		case c := <-changes:
			err = changed(c)
		case <-look:
			state, failed := t.State(ctx, false)
			if failed == nil && state != nil {
				err = changed(change.Change{Revision: revision, State: state})
			}
		case <-heartbeat.C:
			err = send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Heartbeat{Heartbeat: &tunnelv1.Heartbeat{}}})
		case <-ctx.Done():
			return nil
		case <-done:
			// What was said last is still to be told.
			for len(changes) > 0 && err == nil {
				err = changed(<-changes)
			}
			return err
		}
		if err != nil {
			return err
		}
	}
}

// list is empty if there is no tunnel.
func list(state *tunnelv1.State) []*tunnelv1.State {
	if state == nil {
		return nil
	}
	return []*tunnelv1.State{state}
}

// contract refuses what the contract does not allow, and tells failures with their cause.
type contract struct{}

func (contract) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if err := check(r.Any()); err != nil {
			return nil, failure.Connect(err)
		}
		answer, err := next(ctx, r)
		if err != nil {
			return nil, failure.Connect(err)
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
	f := failure.Of(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "%s", broken)
	if start, ok := m.(*tunnelv1.StartRequest); ok && strings.HasPrefix(broken.Field, "session.") {
		// The caller only passes on what the cloud instance answered.
		f.Cause = typesv1.Cause_CAUSE_ANSWER_INVALID
		if r := profile.Check(start.GetSession()); r != nil {
			f = r.Failure()
		}
	}
	f.Field = broken.Field
	return &failure.Error{Failure: f}
}
