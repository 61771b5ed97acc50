package tunnel

import (
	"errors"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel/fsm"
	"sag.software/native/internal/tunnel/resume"
)

// longestSleep bounds how long the loop waits: the session's clock runs while the host sleeps, timers do not.
const longestSleep = 10 * time.Second

// loop owns the state machine and carries out its effects, one event at a time. Its fields are used by its own goroutine
// only; others post functions to its mailbox.
type loop struct {
	config    Config
	mailbox   *mailbox
	publisher *publisher
	carrier   Carrier

	state    *fsm.State
	prepared preparedKeys
	cloud    cloudSide
	saved    savedSession
	memory   tidiness
	// refuseDirect makes the proxies refuse destinations outside the intranet.
	refuseDirect bool
	wanted       time.Time // when a caller last prepared or started a session
	startedAt    time.Time
	// epoch grows with every session, so that responses that belong to a former one can be recognised.
	epoch    uint64
	waiting  map[uint64]chan struct{} // queries that wait for a probe's reply
	stopping []chan struct{}
}

// run runs the loop until the tunnel is over, and then closes done.
func (l *loop) run(done chan<- struct{}) {
	defer close(done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !l.finished() {
		select {
		case <-l.mailbox.signal:
		case <-timer.C:
		}
		for _, f := range l.mailbox.take() {
			f()
		}
		l.step(fsm.Tick{})
		l.settle()
		l.publish()
		timer.Reset(l.sleep())
	}
	l.tearDown()
	l.publish()
	for _, gone := range l.stopping {
		close(gone)
	}
}

func (l *loop) sleep() time.Duration {
	wait := longestSleep
	if due := l.state.Deadline(); due != 0 {
		wait = min(wait, due-clock.Now())
	}
	if due := l.memory.due; !due.IsZero() {
		wait = min(wait, time.Until(due))
	}
	return max(wait, 0)
}

// finished reports whether the loop can end: the tunnel was stopped, or no session was wanted for config.Unwanted.
func (l *loop) finished() bool {
	if l.state.View().Phase != fsm.Disconnected {
		return false
	}
	return len(l.stopping) > 0 || time.Since(l.wanted) > l.config.Unwanted
}

// step passes an event to the state machine, after the latest traffic times, and carries out the effects.
func (l *loop) step(event fsm.Event) {
	now := clock.Now()
	if link := l.carrier.Link(); link != nil {
		l.do(l.state.Step(now, link.seen()))
	}
	l.do(l.state.Step(now, event))
}

// checkHost passes to the state machine whether the host routes the intranet's packets through the tunnel.
func (l *loop) checkHost() {
	if trouble := l.carrier.Trouble(); trouble != nil || l.state.View().Diverted != nil {
		l.step(fsm.HostChecked{Trouble: trouble})
	}
}

// settle updates everything that depends on the phase.
func (l *loop) settle() {
	l.checkHost()
	v := l.state.View()
	up := v.Phase == fsm.Connected
	l.tidy(up)
	l.saveAgain()
	l.carrier.SetUp(up, v.Cause)
	switch v.Phase {
	case fsm.Failed, fsm.Disconnected, fsm.Disconnecting:
		// Host settings are restored while the cloud is still being contacted: they need not wait for it.
		l.carrier.Withdraw(v.Cause)
	}
	if link := l.carrier.Link(); link != nil {
		link.account.Arm(l.state.WakeOnTraffic())
	}
}

// start implements Start on the loop's goroutine.
func (l *loop) start(request StartRequest, s *session.Session) error {
	key, err := l.prepared.get(request.AttemptID)
	if err != nil {
		return err
	}
	if f := fsm.Usable(s); f != nil {
		return &failure.Error{Failure: f}
	}
	// The listeners come first: if a requested port is in use, key and session stay valid for another try.
	if err := l.carrier.Open(request.Proxy); err != nil {
		return err
	}
	l.prepared.remove(request.AttemptID)
	client := cloudapi.NewMarked(request.Cloud, s.Token, l.config.Version, l.carrier.Mark())
	l.carry(Dialled{Key: key, Session: s, Cloud: request.Cloud, Client: client})
	l.refuseDirect = request.Proxy.RefuseDirect
	l.step(fsm.Started{Session: s})
	return nil
}

// carry makes a dialled session the current one.
func (l *loop) carry(d Dialled) {
	l.begin()
	l.cloud.use(d.Cloud, d.Session.Token, d.Client, d.Key)
}

// begin ends whatever a former session has left and starts a new epoch.
func (l *loop) begin() {
	delayCollection()
	l.epoch++
	l.wanted = time.Now()
	l.startedAt = l.wanted
	l.carrier.Begin(l.state.View().Cause)
}

// resume continues the session of a former process.
func (l *loop) resume() {
	record, err := l.saved.store.Load(l.config.IntranetID)
	if err != nil {
		if !errors.Is(err, resume.ErrNone) {
			l.config.Logger.Warn("failed to resume a session", "error", err)
		}
		return
	}
	l.config.Logger.Info("resuming the session of a former process")
	l.begin()
	client := cloudapi.NewMarked(record.Cloud, record.Token, l.config.Version, l.carrier.Mark())
	l.cloud.use(record.Cloud, record.Token, client, l.cloud.key)
	l.refuseDirect = record.RefuseDirect
	l.step(fsm.Resumed{LeaseEnd: record.LeaseEnd})
	// If another program has taken a port in the meantime, another one is used instead of ending the session.
	options := ProxyOptions{Socks: ListenAddress{record.Socks, true}, HTTP: ListenAddress{record.HTTP, true}}
	if err := l.carrier.Open(options); err != nil {
		l.release(client)
		l.step(fsm.SessionEnded{Failure: failure.From(err, failure.PortInUse)})
	}
}

// release ends a session at the cloud that this host cannot carry.
func (l *loop) release(client *cloudapi.Client) { l.cloud.hangUp(client, func() {}) }

// ofThisSession returns a post function whose functions are skipped once another session has begun.
func (l *loop) ofThisSession() (post func(func())) {
	epoch := l.epoch
	return func(f func()) {
		l.mailbox.post(func() {
			if l.epoch == epoch {
				f()
			}
		})
	}
}

func (l *loop) tearDown() {
	l.carrier.Withdraw(l.state.View().Cause)
	l.carrier.Close()
	l.cloud.close()
	for id := range l.waiting {
		l.answer(id)
	}
	releaseTimer.Reset(tidyAfter)
}
