// Package tunnel keeps one intranet's session: it does what package machine decides.
package tunnel

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/tunnel/session"
	"sag.software/native/internal/userspace/inside"
	"sag.software/native/internal/userspace/owner"
)

// preparedLimit is how many prepared keys wait for their Start.
const preparedLimit = 8

// Config is what a tunnel is made of.
type Config struct {
	IntranetID string
	// Version of this program, for the cloud.
	Version string
	Store   resume.Store
	Owners  owner.Table
	// Host is the machine in system mode; nil in proxy mode.
	Host   Host
	Logger *slog.Logger
	// Unwanted is how long the tunnel stays while nobody has prepared or started anything.
	Unwanted time.Duration
	// OnSession is told the id of the session again and again; may be nil.
	OnSession func(id string)
}

// Tunnel is one intranet's tunnel. It ends by itself when it is stopped or not wanted.
type Tunnel struct {
	config   Config
	mailbox  *mailbox
	watchers watchers
	done     chan struct{}
	asks     atomic.Uint64
	// farewells are to the cloud, of sessions that are over.
	farewells sync.WaitGroup
	current   atomic.Pointer[inside.Current]

	attentive struct {
		sync.Mutex
		count int
	}

	// What follows belongs to the loop.
	machine   *machine.Machine
	prepared  map[string]engine.PrivateKey
	order     []string
	wanted    time.Time // when somebody last wanted something
	epoch     uint64    // grows with every session, so that answers about a former one are known
	key       engine.PrivateKey
	hasKey    bool
	token     secret.Secret
	cloud     session.Cloud
	client    *session.Client
	refuse    bool // outside
	proxies   *proxies
	carrier   *carrier
	network   *network
	former    tunnelv1.Traffic // of carriers before this one
	stream    context.CancelFunc
	streams   uint64
	waiting   map[uint64]chan struct{}
	stopping  []chan struct{}
	startedAt time.Time
	published *tunnelv1.State
	tidiness  tidiness
}

// New makes a tunnel and resumes a session that is still wanted.
func New(config Config) *Tunnel {
	t := &Tunnel{
		config: config, mailbox: newMailbox(), done: make(chan struct{}), machine: machine.New(random),
		prepared: map[string]engine.PrivateKey{}, waiting: map[uint64]chan struct{}{}, wanted: time.Now(),
	}
	t.current.Store(&inside.Current{})
	if config.Host != nil {
		config.Host.Changed(func() { t.mailbox.post(func() {}) })
	}
	t.publish()
	t.mailbox.post(t.resume)
	go t.loop()
	return t
}

// Done is closed when nothing is left to do.
func (t *Tunnel) Done() <-chan struct{} { return t.done }

// Farewell waits, after Done, until the cloud has been told or it has been given up. Nobody should have to wait for it but a
// process that is about to end.
func (t *Tunnel) Farewell() { t.farewells.Wait() }

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// exec has the loop do something and waits for it. It says false if the tunnel is over.
func (t *Tunnel) exec(f func()) bool {
	finished := make(chan struct{})
	t.mailbox.post(func() { defer close(finished); f() })
	select {
	case <-finished:
		return true
	case <-t.done:
		return false
	}
}

func over() error {
	return failure.New(typesv1.Cause_CAUSE_SERVICE_NOT_RUNNING, "this tunnel has just ended")
}

func (t *Tunnel) known(intranetID string) error {
	if intranetID != t.config.IntranetID {
		return failure.New(typesv1.Cause_CAUSE_UNKNOWN_INTRANET, "this tunnel serves another intranet")
	}
	return nil
}

// Prepare makes a key for the next Dial.
func (t *Tunnel) Prepare(intranetID string) (attemptID string, publicKey []byte, err error) {
	if err := t.known(intranetID); err != nil {
		return "", nil, err
	}
	key, err := engine.NewPrivateKey()
	if err != nil {
		return "", nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	attemptID = hex.EncodeToString(id[:])
	public := key.Public()
	if !t.exec(func() {
		t.wanted = time.Now()
		t.prepared[attemptID] = key
		t.order = append(t.order, attemptID)
		if len(t.order) > preparedLimit {
			delete(t.prepared, t.order[0])
			t.order = t.order[1:]
		}
	}) {
		return "", nil, over()
	}
	return attemptID, public[:], nil
}

// Start carries a session that was dialled with a prepared key.
func (t *Tunnel) Start(request *tunnelv1.StartRequest) (*tunnelv1.State, error) {
	if err := t.known(request.GetIntranetId()); err != nil {
		return nil, err
	}
	p, err := profile.Parse(request.GetSession())
	if err != nil {
		return nil, err
	}
	if p.Token == "" {
		return nil, failure.New(typesv1.Cause_CAUSE_ANSWER_INVALID, "the session has no token")
	}
	var state *tunnelv1.State
	if !t.exec(func() {
		if err = t.start(request, p); err == nil {
			// Whoever watches from the answer on must not be shown what was before.
			t.publish()
			state = t.state(true)
		}
	}) {
		return nil, over()
	}
	return state, err
}

// Stop ends the session and answers when nothing is left of it.
func (t *Tunnel) Stop(ctx context.Context, intranetID string) (*tunnelv1.State, error) {
	if err := t.known(intranetID); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	t.mailbox.post(func() {
		t.stopping = append(t.stopping, gone)
		t.step(machine.Stopped{})
	})
	select {
	case <-gone:
	case <-t.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	change, _, leave := t.watchers.subscribe()
	leave()
	return change.State, nil
}

// Retire ends a tunnel that nobody wants now, without waiting; false if somebody does. A Start that comes at the same time is
// either before it, and then it is wanted, or finds the tunnel over.
func (t *Tunnel) Retire() bool {
	retired := true
	t.exec(func() {
		phase := t.machine.View().Phase
		if retired = phase == typesv1.Phase_PHASE_DISCONNECTED || phase == typesv1.Phase_PHASE_FAILED; retired {
			t.stopping = append(t.stopping, make(chan struct{}))
			t.step(machine.Stopped{})
		}
	})
	return retired
}

// State is how it is; with probe, after asking for proof of life.
func (t *Tunnel) State(ctx context.Context, probe bool) (*tunnelv1.State, error) {
	if probe {
		id, answered := t.asks.Add(1), make(chan struct{})
		t.mailbox.post(func() {
			t.waiting[id] = answered
			t.step(machine.Asked{ID: id})
		})
		select {
		case <-answered:
		case <-t.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var state *tunnelv1.State
	if !t.exec(func() { state = t.state(true) }) {
		return nil, over()
	}
	return state, nil
}

// Watch gives the state as it is, a channel of changes, and a function to call when they are not wanted any longer.
func (t *Tunnel) Watch() (now Change, changes <-chan Change, leave func()) {
	if !t.exec(func() {
		t.settle()
		t.publish()
		now, changes, leave = t.watchers.subscribe()
		// What was published last tells times and traffic of then.
		now.State = t.state(true)
	}) {
		return t.watchers.subscribe()
	}
	return now, changes, leave
}

// Woke says that the machine was asleep: the socket, the keys, and the routes may not be what they were. The access point is
// asked for a sign of life at once.
func (t *Tunnel) Woke() {
	t.mailbox.post(func() {
		if t.config.Host != nil {
			t.config.Host.Look()
		}
		if t.carrier != nil {
			if err := errors.Join(t.carrier.device.Rebind(), t.carrier.handshake()); err != nil {
				t.config.Logger.Warn("after sleep", "error", err)
			}
		}
		t.step(machine.Asked{ID: t.asks.Add(1)})
	})
}

// Touch has it look whether anything of its state has changed that nobody tells it.
func (t *Tunnel) Touch() { t.mailbox.post(func() {}) }

// Attend says that somebody is looking, until the returned function is called.
func (t *Tunnel) Attend() (leave func()) {
	t.attend(1)
	return sync.OnceFunc(func() { t.attend(-1) })
}

func (t *Tunnel) attend(by int) {
	t.attentive.Lock()
	defer t.attentive.Unlock()
	t.attentive.count += by
	watching := t.attentive.count > 0
	t.mailbox.post(func() { t.step(machine.Attention{Watching: watching}) })
}
