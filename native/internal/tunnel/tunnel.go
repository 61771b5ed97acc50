// Package tunnel keeps one intranet's session up: the loop carries out what package fsm decides, the publisher serves the
// state to callers, and a Carrier carries the traffic, for proxies or for the whole host.
package tunnel

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel/fsm"
	"sag.software/native/internal/tunnel/resume"
)

// Config configures a tunnel.
type Config struct {
	IntranetID string
	// Version of this program, sent to the cloud.
	Version string
	Store   resume.Store
	Owners  peercred.Table
	// Host selects system mode; nil = proxy mode.
	Host   Host
	Logger *slog.Logger
	// Unwanted is how long the tunnel waits for a Prepare or Start before it ends.
	Unwanted time.Duration
	// OnSession is called with the session's ID, also repeatedly with the same one; may be nil.
	OnSession func(id string)
}

// Tunnel is one intranet's tunnel. Its methods may be called from any goroutine. It ends when it is stopped or not wanted
// for Config.Unwanted.
type Tunnel struct {
	loop      *loop
	publisher *publisher
	done      chan struct{}
	queries   atomic.Uint64
	// current is the policy and network that the proxies use now.
	current *atomic.Pointer[dialer.Intranet]

	attentive struct {
		sync.Mutex
		count int
	}
}

// New starts a tunnel and resumes its saved session, if there is one.
func New(config Config) *Tunnel {
	t := &Tunnel{publisher: &publisher{}, done: make(chan struct{}), current: &atomic.Pointer[dialer.Intranet]{}}
	t.current.Store(&dialer.Intranet{})
	t.loop = &loop{
		config: config, mailbox: newMailbox(), publisher: t.publisher, state: fsm.New(random), cloud: cloudSide{logger: config.Logger},
		saved: savedSession{store: config.Store}, waiting: map[uint64]chan struct{}{}, wanted: time.Now(),
	}
	if config.Host != nil {
		t.loop.carrier = newSystemCarrier(config.Host, config.Logger)
		config.Host.Changed(t.Touch)
	} else {
		t.loop.carrier = newProxyCarrier(config.Store.Dir, config.Owners, t.current, config.Logger)
	}
	t.loop.publish()
	t.loop.mailbox.post(t.loop.resume)
	go t.loop.run(t.done)
	return t
}

// Current returns the current policy and the network of tunneled connections.
func (t *Tunnel) Current() dialer.Intranet { return *t.current.Load() }

// Done is closed when the tunnel is over.
func (t *Tunnel) Done() <-chan struct{} { return t.done }

// WaitForHangUp waits, after Done, until the session has been ended at the cloud or the attempt has timed out. Only a
// process that is about to exit needs to wait.
func (t *Tunnel) WaitForHangUp() { t.loop.cloud.hangUps.Wait() }

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // rand.Read never fails
	return binary.LittleEndian.Uint64(b[:])
}

// exec runs f on the loop's goroutine and waits for it. It returns false if the tunnel is over.
func (t *Tunnel) exec(f func()) bool {
	finished := make(chan struct{})
	t.loop.mailbox.post(func() { defer close(finished); f() })
	select {
	case <-finished:
		return true
	case <-t.done:
		return false
	}
}

func over() error {
	return failure.New(failure.ServiceNotRunning, msg.TunnelEndedJustNow())
}

func (t *Tunnel) checkIntranet(intranetID string) error {
	if intranetID != t.loop.config.IntranetID {
		return failure.New(failure.UnknownIntranet, msg.OtherIntranet())
	}
	return nil
}

// Prepare creates a key pair for the next Dial.
func (t *Tunnel) Prepare(intranetID string) (attemptID string, publicKey []byte, err error) {
	if err := t.checkIntranet(intranetID); err != nil {
		return "", nil, err
	}
	key, err := engine.NewPrivateKey()
	if err != nil {
		return "", nil, err
	}
	attemptID = newAttempt()
	if !t.exec(func() {
		t.loop.wanted = time.Now()
		t.loop.prepared.add(attemptID, key)
	}) {
		return "", nil, over()
	}
	public := key.Public()
	return attemptID, public[:], nil
}

// Start starts a session that was dialled with a prepared key.
func (t *Tunnel) Start(request StartRequest) (*State, error) {
	if err := t.checkIntranet(request.IntranetID); err != nil {
		return nil, err
	}
	s, err := request.Session.Session()
	if err != nil {
		return nil, err
	}
	return t.started(func() error { return t.loop.start(request, s) })
}

// Dialled is a session that was dialled and validated by the caller.
type Dialled struct {
	// Key is the private key that the session was dialled with.
	Key     engine.PrivateKey
	Session *session.Session
	Cloud   session.Cloud
	// Client calls Cloud with the session's token. The tunnel closes it.
	Client *cloudapi.Client
}

// Carry starts a session that the caller has dialled.
func (t *Tunnel) Carry(d Dialled) (*State, error) {
	if f := fsm.Usable(d.Session); f != nil {
		return nil, &failure.Error{Failure: f}
	}
	return t.started(func() error {
		t.loop.carry(d)
		t.loop.step(fsm.Started{Session: d.Session})
		return nil
	})
}

// started starts a session on the loop and publishes it first, so that a caller who watches afterwards does not see an
// older state.
func (t *Tunnel) started(start func() error) (state *State, err error) {
	if !t.exec(func() {
		if err = start(); err == nil {
			t.loop.publish()
			state = t.loop.describe(true)
		}
	}) {
		return nil, over()
	}
	return state, err
}

// Stop ends the session and returns when the host's settings are restored.
func (t *Tunnel) Stop(ctx context.Context, intranetID string) (*State, error) {
	if err := t.checkIntranet(intranetID); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	t.loop.mailbox.post(func() {
		t.loop.stopping = append(t.loop.stopping, gone)
		t.loop.step(fsm.Stopped{})
	})
	select {
	case <-gone:
	case <-t.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return t.publisher.current(), nil
}

// Retire ends a tunnel without a session, without waiting; it returns false if a session is wanted. A concurrent Start
// either comes first, and the tunnel stays, or fails because the tunnel is over.
func (t *Tunnel) Retire() bool {
	retired := true
	t.exec(func() {
		if retired = t.loop.state.View().Phase.Over(); retired {
			t.loop.stopping = append(t.loop.stopping, make(chan struct{}))
			t.loop.step(fsm.Stopped{})
		}
	})
	return retired
}

// LastState returns the state that was published last. It does not involve the loop and is cheap.
func (t *Tunnel) LastState() *State { return t.publisher.current() }

// State returns the current state; with probe, after the access point has answered a probe or failed to.
func (t *Tunnel) State(ctx context.Context, probe bool) (*State, error) {
	if probe {
		id, answered := t.queries.Add(1), make(chan struct{})
		t.loop.mailbox.post(func() {
			t.loop.waiting[id] = answered
			t.loop.step(fsm.Queried{ID: id})
		})
		select {
		case <-answered:
		case <-t.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var state *State
	if !t.exec(func() {
		t.loop.checkHost()
		state = t.loop.describe(true)
	}) {
		return nil, over()
	}
	return state, nil
}

// Watch returns the current state, a channel of changes, and a function that ends the watch.
func (t *Tunnel) Watch() (now Snapshot, changes <-chan Snapshot, leave func()) {
	if !t.exec(func() {
		t.loop.settle()
		t.loop.publish()
		now, changes, leave = t.publisher.watch()
		// Times and traffic of the last published state are old.
		now.State = t.loop.describe(true)
	}) {
		return t.publisher.watch()
	}
	return now, changes, leave
}

// Woke handles the end of the host's sleep: sockets, keys and routes may be stale. It sends a probe at once.
func (t *Tunnel) Woke() {
	t.loop.mailbox.post(func() {
		t.loop.carrier.CheckHost()
		if link := t.loop.carrier.Link(); link != nil {
			link.afterSleep(t.loop.config.Logger)
		}
		t.loop.step(fsm.Queried{ID: t.queries.Add(1)})
	})
}

// Touch makes the loop publish the state if it has changed.
func (t *Tunnel) Touch() { t.loop.mailbox.post(func() {}) }

// Attend counts the caller as watching the state until leave is called; probes are more frequent meanwhile.
func (t *Tunnel) Attend() (leave func()) {
	t.attend(1)
	return sync.OnceFunc(func() { t.attend(-1) })
}

func (t *Tunnel) attend(by int) {
	t.attentive.Lock()
	defer t.attentive.Unlock()
	t.attentive.count += by
	watching := t.attentive.count > 0
	t.loop.mailbox.post(func() { t.loop.step(fsm.Attention{Watching: watching}) })
}
