package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// View is what can be seen of the state machine.
type View struct {
	// Phase is Reconnecting also where the tunnel lives but another program on the host has the packets.
	Phase   Phase
	Cause   *failure.Failure
	Session *session.Session
	// Candidate is the endpoint in use or being tried, nil = none.
	Candidate  *Candidate
	Generation uint64
	// Latency of the last answered probe; 0 = none yet.
	Latency time.Duration
	// Since is when the tunnel first came up; 0 = not yet.
	Since Instant
	// Life is the last proof of life on this link; 0 = none yet.
	Life     Instant
	LeaseEnd Instant
	Lease    time.Duration
	Renewals uint32
	Warnings []session.Warning
	Message  string
	// Diverted is the cause where that is the only reason not to be connected.
	Diverted *failure.Failure
}

// View is the state as it is now.
func (s *State) View() View {
	v := View{
		Phase: s.phase, Cause: s.cause, Session: s.session, Generation: s.link.generation, Latency: s.health.latency,
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
