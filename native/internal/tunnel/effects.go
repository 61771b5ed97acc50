package tunnel

import (
	"context"
	"errors"
	"time"

	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
	"sag.software/native/internal/tunnel/fsm"
	"sag.software/native/internal/tunnel/resume"
)

// do carries out effects of the state machine, in order.
func (l *loop) do(effects []fsm.Effect) {
	for _, effect := range effects {
		if err := l.one(effect); err != nil {
			l.config.Logger.Warn("an effect failed", "effect", name(effect), "error", err)
		}
	}
}

func (l *loop) one(effect fsm.Effect) error {
	switch e := effect.(type) {
	case fsm.Activate:
		return l.activate(e)
	case fsm.Deactivate:
		return l.onLink((*link).deactivate)
	case fsm.ForceHandshake:
		return l.onLink((*link).handshake)
	case fsm.SendProbe:
		return l.onLink(func(link *link) error { return link.probe(e.Nonce, e.Generation, 0) })
	case fsm.SendMTUProbe:
		if engine.CanFindMTU {
			return l.onLink(func(link *link) error { return link.probe(e.Nonce, e.Generation, e.Size) })
		}
	case fsm.SetMTU:
		return l.setMTU(e.MTU)
	case fsm.Apply:
		return l.apply(e.Session)
	case fsm.Renew:
		return l.renew(e.NewKey)
	case fsm.OpenStream:
		l.openStream()
	case fsm.CloseStream:
		l.cloud.closeStream()
	case fsm.HangUp:
		post := l.ofThisSession()
		l.cloud.hangUp(l.cloud.client, func() { post(func() { l.step(fsm.HungUp{}) }) })
	case fsm.Remember:
		return l.remember(e.LeaseEnd)
	case fsm.Forget:
		return l.saved.store.Remove()
	case fsm.Answer:
		l.answer(e.ID)
	}
	return nil
}

func name(effect fsm.Effect) string {
	switch effect.(type) {
	case fsm.Activate:
		return "use an access point"
	case fsm.Deactivate:
		return "leave an access point"
	case fsm.ForceHandshake:
		return "handshake"
	case fsm.SendProbe:
		return "probe"
	case fsm.SendMTUProbe:
		return "probe the MTU"
	case fsm.SetMTU:
		return "set the MTU"
	case fsm.Apply:
		return "apply a renewed session"
	case fsm.Renew:
		return "renew"
	case fsm.Remember:
		return "save the session"
	case fsm.Forget:
		return "forget the session"
	default:
		return "other"
	}
}

// onLink calls f with the current link, if there is one.
func (l *loop) onLink(f func(*link) error) error {
	if link := l.carrier.Link(); link != nil {
		return f(link)
	}
	return nil
}

func (l *loop) answer(id uint64) {
	if waiting, ok := l.waiting[id]; ok {
		delete(l.waiting, id)
		close(waiting)
	}
}

// apply applies a session. If this host cannot carry it, the session ends.
func (l *loop) apply(s *session.Session) error {
	err := l.carrier.Carry(s, terms{key: l.cloud.key, cloud: l.cloud.address, events: l.linkEvents(), refuseDirect: l.refuseDirect})
	var refused refusedError
	if errors.As(err, &refused) {
		l.release(l.cloud.client)
		f := failure.From(err, failure.Unknown)
		l.ofThisSession()(func() { l.step(fsm.SessionEnded{Failure: f}) })
	}
	if err != nil {
		return err
	}
	return l.setMTU(l.state.View().MTU) // the link may be a new one
}

// setMTU puts an MTU in force on the link.
func (l *loop) setMTU(size int) error {
	link := l.carrier.Link()
	if link == nil || link.mtu == size {
		return nil
	}
	if err := l.carrier.SetMTU(size); err != nil {
		return err
	}
	l.config.Logger.Info("the tunnel's MTU has changed", "from", link.mtu, "to", size)
	link.mtu = size
	return nil
}

func (l *loop) linkEvents() linkEvents {
	post := l.ofThisSession()
	return linkEvents{
		replied: func(m probe.Message, size int) {
			post(func() {
				l.step(fsm.ProbeReplied{Nonce: m.Nonce, Generation: m.Generation})
				l.step(fsm.MTUProbeReplied{Nonce: m.Nonce, Generation: m.Generation, Size: size})
				l.carrier.ProbeConnections()
			})
		},
		tooLarge: func(size int) { post(func() { l.step(fsm.MTURefused{Size: size}) }) },
		outgoing: func() { post(func() { l.step(fsm.Tick{}) }) },
	}
}

func (l *loop) activate(e fsm.Activate) error {
	s := l.state.View().Session
	post := l.ofThisSession()
	if err := l.apply(s); err != nil {
		post(func() { l.step(fsm.ActivateFailed{Generation: e.Generation}) })
		return err
	}
	if e.Abort {
		l.carrier.EndConnections(s)
	}
	link := l.carrier.Link()
	if e.Candidate.Endpoint.Addr.IsValid() {
		return link.activate(s, e.Candidate, e.Candidate.Endpoint)
	}
	// The former peer is removed first, so that nothing is sent to it during the name lookup.
	err := link.deactivate()
	go func() {
		at, err := resolve(context.Background(), e.Candidate.Endpoint)
		if err == nil {
			err = session.CheckEndpoint("endpoint", at.Addr, s.Routes)
		}
		post(func() { l.resolved(e, at, err) })
	}()
	return err
}

// resolved continues an activation once the endpoint's address is known.
func (l *loop) resolved(e fsm.Activate, at session.Endpoint, err error) {
	v, link := l.state.View(), l.carrier.Link()
	if v.Generation != e.Generation || link == nil {
		return
	}
	if err == nil {
		err = l.carrier.Reach(v.Session, at)
	}
	if err == nil {
		err = link.activate(v.Session, e.Candidate, at)
	}
	if err != nil {
		l.config.Logger.Warn("an access point cannot be tried", "endpoint", e.Candidate.Endpoint.String(), "error", err)
		failed := fsm.ActivateFailed{Generation: e.Generation}
		if failure.CauseOf(err) == failure.DNSUnavailable {
			failed.Failure = failure.From(err, failure.DNSUnavailable)
		}
		l.step(failed)
		return
	}
	l.step(fsm.Resolved{Generation: e.Generation})
}

func (l *loop) remember(leaseEnd time.Duration) error {
	record := resume.Record{
		IntranetID: l.config.IntranetID, Token: l.cloud.token, Cloud: l.cloud.address, RefuseDirect: l.refuseDirect, LeaseEnd: leaseEnd,
	}
	if proxy := l.carrier.Proxy(); proxy != nil {
		record.Socks, record.HTTP = proxy.Socks, proxy.HTTP
	}
	return l.saved.save(record)
}

// saveAgain retries a failed save of the session.
func (l *loop) saveAgain() {
	switch {
	case !l.saved.due():
	case l.state.View().Session == nil:
		l.saved.forgotten()
	case l.remember(l.saved.leaseEnd) == nil:
		l.config.Logger.Info("saved the session after a retry")
	}
}
