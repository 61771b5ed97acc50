package tunnel

import (
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/profile"
)

// applyToHost is apply in system mode. A machine that can not be made as the intranet needs it ends the session: trying
// another access point would not help.
func (t *Tunnel) applyToHost(p *profile.Profile) error {
	if t.carrier != nil {
		if err := t.config.Host.Update(p); err != nil {
			return err
		}
		return t.carrier.apply(p)
	}
	device, err := t.config.Host.Attach(p, t.cloud)
	if err == nil {
		config := engine.Config{PrivateKey: t.key, Logger: t.config.Logger, Mark: t.config.Host.Mark()}
		if t.carrier, err = carrierOver(device, p, config, t.carrierEvents()); err != nil {
			t.carrier = nil
			t.config.Host.Leave()
		}
	}
	if err != nil {
		t.giveBack(t.client)
		f := failure.From(err, typesv1.Cause_CAUSE_UNKNOWN)
		t.later(func() { t.step(machine.SessionEnded{Failure: f}) })
	}
	return err
}

// leaveHost gives the machine back. It is called again and again while nothing is wanted, and costs nothing then.
func (t *Tunnel) leaveHost() {
	if t.config.Host == nil {
		return
	}
	if err := t.config.Host.Detach(); err != nil {
		t.config.Logger.Error("the machine was not given back whole; sag repair does the rest", "error", err)
	}
}

// addHost tells of the machine.
func (t *Tunnel) addHost(s *tunnelv1.State) {
	if t.config.Host == nil {
		return
	}
	s.Machine = t.config.Host.Machine()
	s.Warnings = append(s.Warnings, t.config.Host.Warnings()...)
	g := s.GetMachine().GetGuard()
	guarded := g != nil
	if g.GetLockdown() {
		defer func() { s.Blocking = typesv1.Blocking_BLOCKING_ALL }()
	}
	if trouble := t.config.Host.Trouble(); trouble != nil && s.GetPhase() == typesv1.Phase_PHASE_CONNECTED {
		// The tunnel lives, but somebody else has the packets. With a guard they get no further.
		s.Phase, s.Cause = typesv1.Phase_PHASE_RECONNECTING, trouble
		if guarded {
			s.Blocking = typesv1.Blocking_BLOCKING_INTRANET
		}
		return
	}
	if (guarded || t.config.Host.Holds()) && s.GetPhase() != typesv1.Phase_PHASE_CONNECTED {
		s.Blocking = typesv1.Blocking_BLOCKING_INTRANET
	}
}

func (t *Tunnel) mode() typesv1.Mode {
	if t.config.Host != nil {
		return typesv1.Mode_MODE_SYSTEM
	}
	return typesv1.Mode_MODE_PROXY
}

func (t *Tunnel) mark() uint32 {
	if t.config.Host != nil {
		return t.config.Host.Mark()
	}
	return 0
}
