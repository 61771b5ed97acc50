package tunnel

import (
	"context"
	"errors"
	"net/netip"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/engine/probe"
	systemprofile "sag.software/native/internal/system/profile"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/userspace/inside"
)

func isNone(err error) bool { return errors.Is(err, resume.ErrNone) }

// do does what the machine wants done, in order.
func (t *Tunnel) do(effects []machine.Effect) {
	for _, effect := range effects {
		if err := t.one(effect); err != nil {
			t.config.Logger.Warn("could not be done", "what", name(effect), "error", err)
		}
	}
}

func (t *Tunnel) one(effect machine.Effect) error {
	switch e := effect.(type) {
	case machine.Activate:
		return t.activate(e)
	case machine.Deactivate:
		if t.carrier != nil {
			return t.carrier.deactivate()
		}
	case machine.ForceHandshake:
		if t.carrier != nil {
			return t.carrier.handshake()
		}
	case machine.SendProbe:
		if t.carrier != nil {
			return t.carrier.probe(e)
		}
	case machine.Apply:
		return t.apply(e.Profile)
	case machine.Renew:
		return t.renew(e.NewKey)
	case machine.OpenStream:
		t.openStream()
	case machine.CloseStream:
		t.closeStream()
	case machine.HangUp:
		t.hangUp()
	case machine.Remember:
		return t.remember(e.LeaseEnd)
	case machine.Forget:
		return t.config.Store.Remove()
	case machine.Answer:
		t.answer(e.ID)
	}
	return nil
}

func name(effect machine.Effect) string {
	switch effect.(type) {
	case machine.Activate:
		return "use an access point"
	case machine.Deactivate:
		return "leave an access point"
	case machine.ForceHandshake:
		return "handshake"
	case machine.SendProbe:
		return "probe"
	case machine.Apply:
		return "apply a profile"
	case machine.Renew:
		return "renew"
	case machine.Remember:
		return "remember the session"
	case machine.Forget:
		return "forget the session"
	default:
		return "other"
	}
}

func (t *Tunnel) answer(id uint64) {
	if waiting, ok := t.waiting[id]; ok {
		delete(t.waiting, id)
		close(waiting)
	}
}

// apply puts a profile in force: on the carrier if it fits, else on a new one.
func (t *Tunnel) apply(p *profile.Profile) error {
	if t.carrier != nil && !t.carrier.fits(p) {
		t.dropCarrier()
	}
	if t.config.Host != nil {
		return t.applyToHost(p)
	}
	if t.carrier == nil {
		carrier, err := newCarrier(p, t.key, t.config.Logger, t.carrierEvents())
		if err != nil {
			return err
		}
		t.carrier = carrier
		t.network = newNetwork(carrier.stack)
	}
	rule := &inside.Rule{
		Routes: p.Routes, Everything: p.FullTunnel, NameServers: len(p.DNS.Servers) > 0, Domains: p.DNS.Domains, RefuseOutside: t.refuse,
	}
	t.network.ask(p, rule.IPv6())
	t.current.Store(&inside.Current{Rule: rule, Network: t.network})
	return t.carrier.apply(p)
}

func (t *Tunnel) carrierEvents() carrierEvents {
	epoch := t.epoch
	post := func(event machine.Event) {
		t.mailbox.post(func() {
			if t.epoch == epoch {
				t.step(event)
			}
		})
	}
	return carrierEvents{
		replied:  func(m probe.Message) { post(machine.ProbeReplied{Nonce: m.Nonce, Generation: m.Generation}) },
		outgoing: func() { post(machine.Tick{}) },
	}
}

func (t *Tunnel) activate(e machine.Activate) error {
	p := t.machine.View().Profile
	if err := t.apply(p); err != nil {
		t.later(func() { t.step(machine.ActivateFailed{Generation: e.Generation}) })
		return err
	}
	if e.Abort && t.config.Host != nil {
		t.config.Host.EndConnections(p)
	} else if e.Abort {
		t.network.abort()
		t.proxies.http.Forget()
	}
	if outer, err := netip.ParseAddr(e.Candidate.Endpoint.Host); err == nil {
		return t.carrier.activate(p, e.Candidate, netip.AddrPortFrom(outer, e.Candidate.Endpoint.Port))
	}
	// Nothing goes to the former access point while the next one's name is looked up.
	err := t.carrier.deactivate()
	epoch := t.epoch
	go func() {
		outer, err := resolve(context.Background(), e.Candidate.Endpoint)
		if r := systemprofile.Endpoint("endpoint", outer.Addr(), p.Routes); err == nil && r != nil {
			err = r
		}
		t.mailbox.post(func() {
			v := t.machine.View()
			if t.epoch != epoch || v.Generation != e.Generation || t.carrier == nil {
				return
			}
			if err == nil && t.config.Host != nil {
				err = t.config.Host.Reach(v.Profile, outer)
			}
			if err == nil {
				err = t.carrier.activate(v.Profile, e.Candidate, outer)
			}
			if err != nil {
				t.config.Logger.Warn("an access point can not be tried", "endpoint", hostPort(e.Candidate.Endpoint), "error", err)
				t.step(machine.ActivateFailed{Generation: e.Generation})
			}
		})
	}()
	return err
}

// later posts something about the session of now; it is dropped if there is another by then.
func (t *Tunnel) later(f func()) {
	epoch := t.epoch
	t.mailbox.post(func() {
		if t.epoch == epoch {
			f()
		}
	})
}

func (t *Tunnel) remember(leaseEnd time.Duration) error {
	var proxy *tunnelv1.ProxyState
	if t.proxies != nil {
		proxy = t.proxies.state()
	}
	return t.config.Store.Save(resume.Record{
		IntranetID: t.config.IntranetID, Token: t.token, Cloud: t.cloud, Socks: proxy.GetSocks(), HTTP: proxy.GetHttp(),
		RefuseOutside: t.refuse, LeaseEnd: leaseEnd,
	})
}
