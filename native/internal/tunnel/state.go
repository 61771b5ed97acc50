package tunnel

import (
	"encoding/hex"
	"os"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/tunnel/machine"
)

// state is what others see. What changes by time alone is in it only if moving is set.
func (t *Tunnel) state(moving bool) *tunnelv1.State {
	v := t.machine.View()
	s := &tunnelv1.State{
		IntranetId: t.config.IntranetID,
		Phase:      v.Phase,
		Cause:      v.Cause,
		Blocking:   typesv1.Blocking_BLOCKING_NONE,
		Warnings:   v.Warnings,
		Mode:       t.mode(),
		Pid:        uint32(os.Getpid()),
		Message:    v.Message,
	}
	t.addHost(s)
	if t.proxies != nil {
		s.Proxy = t.proxies.state()
	}
	if v.Candidate != nil {
		s.AccessPoint = &tunnelv1.AccessPointState{
			Id: v.Candidate.AccessPoint.ID, Name: v.Candidate.AccessPoint.Name, Endpoint: hostPort(v.Candidate.Endpoint),
		}
	}
	if v.Profile != nil {
		s.Session = t.session(v)
		s.Hops = v.Profile.Hops
	}
	if moving {
		t.move(s, v)
	}
	return s
}

func (t *Tunnel) session(v machine.View) *tunnelv1.SessionState {
	p := v.Profile
	s := &tunnelv1.SessionState{
		Lease:     durationpb.New(v.Lease),
		Renewals:  v.Renewals,
		Mtu:       uint32(p.MTU),
		Dns:       p.Wire,
		Resources: p.Resources,
	}
	s.SessionId = sessionID(p.SessionID)
	for _, a := range p.Addresses() {
		s.Addresses = append(s.Addresses, a.String())
	}
	for _, r := range p.Routes {
		s.Routes = append(s.Routes, r.String())
	}
	if v.Candidate != nil {
		s.PresharedKey = !v.Candidate.AccessPoint.PresharedKey.IsZero()
	}
	if t.client != nil {
		s.KeyExchange = t.client.KeyExchange()
	}
	return s
}

// move adds what changes by time and traffic.
func (t *Tunnel) move(s *tunnelv1.State, v machine.View) {
	now := clock.Now()
	if g := s.GetMachine().GetGuard(); g != nil {
		t.config.Host.CountGuard(g)
	}
	s.Traffic = &tunnelv1.Traffic{RxBytes: t.former.RxBytes, TxBytes: t.former.TxBytes}
	if t.carrier != nil {
		s.Traffic.RxBytes += t.carrier.meter.rxBytes.Load()
		s.Traffic.TxBytes += t.carrier.meter.txBytes.Load()
	}
	if s.GetAccessPoint() != nil && v.Latency > 0 {
		s.AccessPoint.Latency = durationpb.New(v.Latency)
	}
	if s.GetSession() == nil {
		return
	}
	if v.Since != 0 {
		s.Session.Since = durationpb.New(now - v.Since)
	}
	s.Session.LeaseLeft = durationpb.New(max(v.LeaseEnd-now, 0))
	if t.carrier != nil {
		if age := t.carrier.handshakeAge(); age > 0 {
			s.Session.HandshakeAge = durationpb.New(age)
		}
	}
}

// publish tells watchers if anything has changed but time and traffic.
func (t *Tunnel) publish() {
	s := t.state(false)
	if t.published != nil && proto.Equal(s, t.published) {
		return
	}
	// The lines about its end are about it too.
	if id := s.GetSession().GetSessionId(); id != "" && t.config.OnSession != nil {
		t.config.OnSession(id)
	}
	if t.published.GetPhase() != s.GetPhase() || t.published.GetAccessPoint().GetId() != s.GetAccessPoint().GetId() {
		t.config.Logger.Info("state", "phase", s.GetPhase().String(), "cause", s.GetCause().GetCause().String(),
			"accessPoint", s.GetAccessPoint().GetId(), "sinceStartMs", t.sinceStart())
	}
	t.published = s
	t.watchers.publish(t.state(true))
}

func (t *Tunnel) sinceStart() int64 {
	if t.startedAt.IsZero() {
		return 0
	}
	return time.Since(t.startedAt).Milliseconds()
}

func sessionID(id [16]byte) string { return hex.EncodeToString(id[:]) }
