package tunnel

import (
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/tunnel/session"
	"sag.software/native/internal/userspace/inside"
)

// longestSleep bounds how long the loop waits: timers do not run while the machine sleeps, the session's clock does.
const longestSleep = 10 * time.Second

func (t *Tunnel) loop() {
	defer close(t.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !t.finished() {
		select {
		case <-t.mailbox.signal:
		case <-timer.C:
		}
		for _, f := range t.mailbox.take() {
			f()
		}
		t.step(machine.Tick{})
		t.settle()
		t.publish()
		timer.Reset(t.sleep())
	}
	t.tearDown()
	t.publish()
	for _, gone := range t.stopping {
		close(gone)
	}
}

func (t *Tunnel) sleep() time.Duration {
	wait := longestSleep
	if due := t.machine.Deadline(); due != 0 {
		wait = min(wait, due-clock.Now())
	}
	if due := t.tidiness.due; !due.IsZero() {
		wait = min(wait, time.Until(due))
	}
	return max(wait, 0)
}

// finished says that there is nothing left to do: it was stopped, or nobody ever wanted anything.
func (t *Tunnel) finished() bool {
	if t.machine.View().Phase != typesv1.Phase_PHASE_DISCONNECTED {
		return false
	}
	return len(t.stopping) > 0 || time.Since(t.wanted) > t.config.Unwanted
}

// step gives the machine an event, after what the meter saw, and does what it wants done.
func (t *Tunnel) step(event machine.Event) {
	now := clock.Now()
	if t.carrier != nil {
		in, out := t.carrier.meter.lastIn.Load(), t.carrier.meter.lastOut.Load()
		t.do(t.machine.Step(now, machine.Traffic{In: time.Duration(in), Out: time.Duration(out)}))
	}
	t.do(t.machine.Step(now, event))
}

// settle makes what hangs on the phase follow it.
func (t *Tunnel) settle() {
	v := t.machine.View()
	up := v.Phase == typesv1.Phase_PHASE_CONNECTED
	t.tidy(up)
	if t.network != nil {
		t.network.set(up, v.Cause)
	}
	switch v.Phase {
	case typesv1.Phase_PHASE_FAILED, typesv1.Phase_PHASE_DISCONNECTED, typesv1.Phase_PHASE_DISCONNECTING:
		// Also while the cloud is being told: the machine is its owner's again, whether anybody hears that or not.
		t.end()
	}
	if t.carrier == nil {
		return
	}
	t.carrier.meter.arm(t.machine.WakeOnTraffic())
}

// start is Start on the loop.
func (t *Tunnel) start(request *tunnelv1.StartRequest, p *profile.Profile) error {
	key, ok := t.prepared[request.GetAttemptId()]
	if !ok {
		return failure.New(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "attempt_id: no key was prepared for this attempt, or it has been used")
	}
	delete(t.prepared, request.GetAttemptId())
	cloud := session.Cloud{URL: request.GetCloud().GetUrl()}
	for _, pin := range request.GetCloud().GetSpkiPins() {
		cloud.Pins = append(cloud.Pins, [32]byte(pin))
	}
	options := request.GetProxy()
	if err := t.listen(options.GetSocksListen(), options.GetHttpListen()); err != nil {
		t.giveBack(session.NewMarked(cloud, p.Token, t.config.Version, t.mark()))
		return err
	}
	t.begin()
	t.startedAt = time.Now()
	t.key, t.hasKey = key, true
	t.token, t.cloud = p.Token, cloud
	t.client = session.NewMarked(cloud, p.Token, t.config.Version, t.mark())
	t.refuse = options.GetOutside() == tunnelv1.Outside_OUTSIDE_REFUSE
	t.step(machine.Started{Profile: p})
	return nil
}

// resume goes on with the session of a former process.
func (t *Tunnel) resume() {
	record, err := t.config.Store.Load(t.config.IntranetID)
	if err != nil {
		if !isNone(err) {
			t.config.Logger.Warn("a session was not resumed", "error", err)
		}
		return
	}
	t.config.Logger.Info("resuming the session of a former process")
	t.begin()
	t.startedAt = time.Now()
	t.hasKey = false
	t.token, t.cloud = record.Token, record.Cloud
	t.client = session.NewMarked(record.Cloud, record.Token, t.config.Version, t.mark())
	t.refuse = record.RefuseOutside
	t.step(machine.Resumed{LeaseEnd: record.LeaseEnd})
	if err := t.listen(record.Socks, record.HTTP); err != nil {
		t.giveBack(t.client)
		t.step(machine.SessionEnded{Failure: failure.From(err, typesv1.Cause_CAUSE_PORT_IN_USE)})
	}
}

// begin forgets a former session.
func (t *Tunnel) begin() {
	t.epoch++
	t.wanted = time.Now()
	t.dropCarrier()
	t.former = tunnelv1.Traffic{}
	t.current.Store(&inside.Current{})
	if t.client != nil {
		t.client.Close()
	}
}

func (t *Tunnel) listen(socksListen, httpListen string) error {
	if t.config.Host != nil {
		return nil // every program is inside already
	}
	if t.proxies != nil {
		if t.proxies.serves(socksListen, httpListen) {
			return nil
		}
		t.proxies.close()
		t.proxies = nil
	}
	opened, err := openProxies(socksListen, httpListen, t.config.Store.Dir, func() inside.Current { return *t.current.Load() }, t.config.Owners, t.config.Logger)
	if err == nil {
		t.proxies = opened
	}
	return err
}

func (t *Tunnel) dropCarrier() {
	if t.carrier == nil {
		return
	}
	if t.network != nil {
		t.network.set(false, t.machine.View().Cause)
		t.network.abort()
	}
	t.former.RxBytes += t.carrier.meter.rxBytes.Load()
	t.former.TxBytes += t.carrier.meter.txBytes.Load()
	if t.config.Host != nil {
		t.config.Host.Leave()
	}
	t.carrier.close()
	t.carrier = nil
}

// end gives the machine back while there still is somebody to answer it: what programs have begun to ask inside must be
// settled before they ask elsewhere.
func (t *Tunnel) end() {
	t.leaveHost()
	t.dropCarrier()
}

func (t *Tunnel) tearDown() {
	t.end()
	if t.proxies != nil {
		t.proxies.close()
		t.proxies = nil
	}
	if t.client != nil {
		t.client.Close()
	}
	for id := range t.waiting {
		t.answer(id)
	}
}
