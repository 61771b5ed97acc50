package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/gen/sag/accesspoint/v1/accesspointv1connect"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/accesspoint/flows"
	"sag.software/native/internal/accesspoint/sessiontable"
)

// Point is what the agent serves: the access point's data plane.
type Point interface {
	// StreamBegins is called before the first message of every stream.
	StreamBegins()
	// Receive applies a message and returns when it is in force. A nil acknowledgement means that there is nothing to
	// acknowledge. An error ends the stream.
	Receive(sessiontable.Message) (*sessiontable.Acknowledgement, error)
	// Counters returns the counters to report. Reported is called with them once the cloud has received them.
	Counters() []sessiontable.Counters
	Reported([]sessiontable.Counters)
	// FlowLogs returns the counters of flow logs.
	FlowLogs() []flows.Counters
	// Decided returns the counts of what access lists and policy have decided.
	Decided() sessiontable.Decided
	// ClassCounters returns those of the traffic classes of instances with limits.
	ClassCounters() []sessiontable.ClassCounters
}

// Credentials are how the access point authenticates to the cloud instance.
type Credentials interface {
	// Identity is the saved identity, "" = not registered.
	Identity() string
	// Token is the registration token, "" = none.
	Token() string
	// Registered saves a new identity. It is called before the identity is used.
	Registered(accessPointID, identity string) error
}

// Config configures an Agent.
type Config struct {
	Cloud       Cloud
	Credentials Credentials
	Point       Point
	Description *accesspointv1.Description
	Version     string
	Logger      *slog.Logger
	// ReportEvery is the time between reports; 0 = 10 s.
	ReportEvery time.Duration
	// Silence is how long the stream may be silent (the cloud sends heartbeats every 20 s); 0 = 45 s.
	Silence time.Duration
}

// Agent keeps an access point connected to its cloud instance.
type Agent struct {
	Config
	client    accesspointv1connect.AccessPointServiceClient
	transport *http.Transport
	ready     chan struct{}
	// acknowledged is the last position that the cloud has an acknowledgement for. The next stream starts there.
	acknowledged atomic.Pointer[accesspointv1.AcknowledgeRequest]
	// decided is what the cloud has received of Decided. Only one goroutine reports at a time.
	decided decided
	// away and reason are the connection state that was last logged. Only Run's goroutine uses them.
	away   bool
	reason reason
}

// callTimeout bounds a unary call.
const callTimeout = 5 * time.Second

// ErrNoCredentials means that there is neither an identity nor a registration token.
var ErrNoCredentials = errors.New("not registered, and no registration token was given")

// ErrRefused means that the cloud did not register the access point.
var ErrRefused = errors.New("the cloud refused the registration")

// New makes an agent; Run connects it.
func New(config Config) *Agent {
	if config.ReportEvery == 0 {
		config.ReportEvery = 10 * time.Second
	}
	if config.Silence == 0 {
		config.Silence = 45 * time.Second
	}
	a := &Agent{Config: config, ready: make(chan struct{})}
	a.client, a.transport = config.Cloud.client()
	return a
}

// Ready is closed once the first whole snapshot is in force.
func (a *Agent) Ready() <-chan struct{} { return a.ready }

// Close closes the connections. Call it after Run has returned.
func (a *Agent) Close() { a.transport.CloseIdleConnections() }

// Run stays connected until ctx ends. It returns an error if the first connection cannot succeed: the token was refused, or the
// server's key is not the pinned one. Once the agent has been ready it retries forever, because the sessions continue without the
// cloud.
func (a *Agent) Run(ctx context.Context) error {
	pause := newBackoff()
	for ctx.Err() == nil {
		err := a.connect(ctx, pause)
		if ctx.Err() != nil {
			break
		}
		if reasonOf(err) == certificateUnknown {
			err = fmt.Errorf("%w: %w", ErrCertificateUnknown, err)
		}
		if isFinal(err) && !a.isReady() {
			return err
		}
		wait := pause.next()
		a.disconnected(err, wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// disconnected logs each new reason once at Warn, because the cloud may be unreachable for days.
func (a *Agent) disconnected(err error, wait time.Duration) {
	level, now := slog.LevelDebug, reasonOf(err)
	if !a.away || now != a.reason {
		level = slog.LevelWarn
	}
	a.away, a.reason = true, now
	attributes := []any{"error", err, "retry_in", wait.Round(time.Millisecond).String()}
	if hint := now.hint(); hint != "" {
		attributes = append(attributes, "hint", hint)
	}
	a.Logger.Log(context.Background(), level, "not connected to the cloud", attributes...)
}

func (a *Agent) connected() {
	if a.away {
		a.Logger.Info("connected to the cloud again")
	}
	a.away, a.reason = false, ""
}

// connect makes one attempt and returns when the connection is lost.
func (a *Agent) connect(ctx context.Context, pause *backoff) error {
	if a.Credentials.Identity() == "" {
		if err := a.register(ctx); err != nil {
			return err
		}
	}
	err := a.watch(ctx, pause)
	if connect.CodeOf(err) == connect.CodeUnauthenticated && a.Credentials.Token() != "" {
		a.Logger.Warn("the cloud no longer has this access point: registering again")
		return errors.Join(err, a.register(ctx))
	}
	return err
}

func (a *Agent) register(ctx context.Context) error {
	if a.Credentials.Token() == "" {
		return ErrNoCredentials
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	response, err := a.client.Register(ctx, connect.NewRequest(&accesspointv1.RegisterRequest{
		Hello:       a.hello(),
		Token:       a.Credentials.Token(),
		Description: a.Description,
	}))
	if err != nil {
		return refused(err)
	}
	id, identity := response.Msg.GetAccessPointId(), response.Msg.GetIdentity()
	if len(id) == 0 || len(id) > 64 || len(identity) < 16 || len(identity) > 512 {
		return errors.New("the cloud's answer to Register is not valid")
	}
	if err := a.Credentials.Registered(id, identity); err != nil {
		return fmt.Errorf("save the identity: %w", err)
	}
	a.Logger.Info("registered", "access_point", id)
	return nil
}

// refused marks a refusal of the registration token, to tell it from a refusal of the identity.
func refused(err error) error {
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument,
		connect.CodeFailedPrecondition, connect.CodeUnimplemented:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

func isFinal(err error) bool {
	return errors.Is(err, ErrIdentityChanged) || errors.Is(err, ErrCertificateUnknown) || errors.Is(err, ErrNoCredentials) || errors.Is(err, ErrRefused)
}

func (a *Agent) hello() *typesv1.Hello {
	return &typesv1.Hello{Version: a.Version, Capabilities: []string{accessLists, sharedAccessLists, accessListNames}}
}

// The capabilities to enforce Peer.rules, to take them as Peer.rule_list_ids, and to enforce Rule.name.
const (
	accessLists       = "access_lists"
	sharedAccessLists = "shared_access_lists"
	accessListNames   = "access_list_names"
)

// authorize returns a request with the access point's identity.
func authorize[T any](a *Agent, message *T) *connect.Request[T] {
	request := connect.NewRequest(message)
	request.Header().Set("Authorization", "Bearer "+a.Credentials.Identity())
	return request
}
