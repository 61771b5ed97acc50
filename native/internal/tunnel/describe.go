package tunnel

import (
	"os"
	"sag.software/native/internal/msg"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/session"
	"sag.software/native/internal/tunnel/fsm"
)

// describe returns the state as callers see it. Values that change with time alone are included only if moving is set.
func (l *loop) describe(moving bool) *State {
	v := l.state.View()
	s := &State{
		IntranetID: l.config.IntranetID, Phase: v.Phase, Cause: v.Cause, Warnings: v.Warnings, Mode: l.carrier.Mode(), PID: os.Getpid(),
		Message: v.Message, Answered: l.carrier.Traffic().Answered,
	}
	l.carrier.Describe(s, moving)
	if s.Proxy != nil {
		s.Proxy.RefuseDirect = l.refuseDirect
	}
	s.Blocking = blocking(v, s.Host, l.carrier.HoldsPackets())
	if l.saved.err != nil && v.Session != nil {
		s.Warnings = append(s.Warnings, session.Warning{
			Code: session.WarnSessionNotSaved, Hop: session.HopClient, Fixer: session.FixedByUser, Message: msg.SessionNotSaved(),
		})
	}
	if v.Candidate != nil {
		s.AccessPoint = &AccessPointState{
			ID: v.Candidate.AccessPoint.ID, Name: v.Candidate.AccessPoint.Name, Endpoint: v.Candidate.Endpoint.String(),
		}
	}
	if v.Session != nil {
		s.Session = l.describeSession(v)
		s.Hops = v.Session.Hops
	}
	if moving {
		l.addMoving(s, v)
	}
	return s
}

// blocking returns what is being dropped on the host. holds is true if the intranet's packets can only leave through the
// tunnel.
func blocking(v fsm.View, host *HostState, holds bool) Blocking {
	var killSwitch *KillSwitchState
	if host != nil {
		killSwitch = host.KillSwitch
	}
	switch {
	case killSwitch != nil && killSwitch.Lockdown:
		return BlockAll
	case v.Phase == fsm.Connected:
		return BlockNone
	case killSwitch != nil, holds && v.Diverted == nil:
		return BlockIntranet
	default:
		return BlockNone
	}
}

func (l *loop) describeSession(v fsm.View) *SessionState {
	s := v.Session
	described := &SessionState{
		ID: s.ID, Addresses: s.Addresses(), Lease: v.Lease, Renewals: v.Renewals, KeyExchange: l.cloud.keyExchange(), MTU: v.MTU,
		Routes: s.Routes, DNS: s.DNS, Resources: s.Resources, BandwidthKbps: s.BandwidthKbps, AccessPoints: s.AccessPoints,
	}
	if v.Candidate != nil {
		described.PresharedKey = !v.Candidate.AccessPoint.PresharedKey.IsZero()
	}
	return described
}

// addMoving adds the values that change with time and traffic.
func (l *loop) addMoving(s *State, v fsm.View) {
	now := clock.Now()
	traffic := l.carrier.Traffic()
	s.Traffic = &traffic
	if s.AccessPoint != nil {
		s.AccessPoint.Latency = v.Latency
	}
	if s.Session == nil {
		return
	}
	if v.Since != 0 {
		s.Session.Since = now - v.Since
	}
	left := max(v.LeaseEnd-now, 0)
	s.Session.LeaseLeft = &left
	if link := l.carrier.Link(); link != nil {
		s.Session.HandshakeAge = link.handshakeAge()
	}
}

// publish sends the state to watchers if anything but times and traffic has changed.
func (l *loop) publish() {
	s := l.describe(false)
	former, changed := l.publisher.news(s)
	if !changed {
		return
	}
	// The session's ID is kept for log lines after its end, which concern it, too.
	if s.Session != nil && l.config.OnSession != nil {
		l.config.OnSession(s.Session.ID.String())
	}
	if former == nil || former.Phase != s.Phase || former.accessPointID() != s.accessPointID() {
		l.config.Logger.Info("state", "phase", s.Phase.String(), "cause", s.Cause.Code().String(),
			"accessPoint", s.accessPointID(), "sinceStartMs", l.sinceStart())
	}
	l.publisher.publish(l.describe(true))
}

func (l *loop) sinceStart() int64 {
	if l.startedAt.IsZero() {
		return 0
	}
	return time.Since(l.startedAt).Milliseconds()
}
