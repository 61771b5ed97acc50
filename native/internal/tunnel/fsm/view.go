package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// View is a copy of what callers may see of the state machine.
type View struct {
	// Phase is Reconnecting also while the tunnel works but another program's routes or rules divert the intranet's
	// packets.
	Phase   Phase
	Cause   *failure.Failure
	Session *session.Session
	// Candidate is the endpoint in use or being tried; nil if there is none.
	Candidate  *Candidate
	Generation uint64
	// Latency is the round trip of the last answered probe; 0 before the first.
	Latency time.Duration
	// MTU is the tunnel's, bytes.
	MTU int
	// Since is when the tunnel last came up; 0 before the first time.
	Since Instant
	// Life is when the access point last answered on this link; 0 if it has not.
	Life     Instant
	LeaseEnd Instant
	Lease    time.Duration
	Renewals uint32
	Warnings []session.Warning
	Message  string
	// Diverted is the cause if diverted packets are the only reason for not being connected; else nil.
	Diverted *failure.Failure
}

// View returns the current state.
func (s *State) View() View {
	v := View{
		Phase: s.phase, Cause: s.cause, Session: s.session, Generation: s.link.generation, Latency: s.health.latency, MTU: s.mtu.current,
		Since: s.since, Life: s.health.life, LeaseEnd: s.lease.end, Lease: s.lease.length, Renewals: s.lease.renewals,
		Message: s.message,
	}
	if s.phase == Connected && s.diverted != nil {
		v.Phase, v.Cause, v.Diverted = Reconnecting, s.diverted, s.diverted
	}
	if s.session != nil {
		v.Warnings = append(v.Warnings, s.session.Warnings...)
		if s.wanted() {
			v.Candidate = &s.link.candidates[s.link.current]
		}
	}
	if s.wanted() && s.cloud.failed != nil {
		v.Warnings = append(v.Warnings, session.Warning{
			Code: session.WarnInstanceUnreachable, Hop: session.HopInstance, Fixer: session.FixedByNetwork, Message: s.cloud.failed.Message,
		})
	}
	return v
}
