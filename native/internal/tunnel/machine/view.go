package machine

import (
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel/profile"
)

// View is what can be seen of a machine.
type View struct {
	Phase   typesv1.Phase
	Cause   *typesv1.Failure
	Profile *profile.Profile
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
	Warnings []*typesv1.Warning
	Message  string
}

// View shows the machine as it is.
func (m *Machine) View() View {
	v := View{
		Phase: m.phase, Cause: m.cause, Profile: m.profile, Generation: m.link.generation, Latency: m.health.latency,
		Since: m.since, Life: m.health.life, LeaseEnd: m.lease.end, Lease: m.lease.length, Renewals: m.lease.renewals,
		Message: m.message,
	}
	if m.profile != nil {
		v.Warnings = append(v.Warnings, m.profile.Warnings...)
		if m.wanted() {
			v.Candidate = &m.link.candidates[m.link.current]
		}
	}
	if m.wanted() && m.cloud.failed != nil {
		v.Warnings = append(v.Warnings, &typesv1.Warning{
			Code: typesv1.WarningCode_WARNING_CODE_INSTANCE_UNREACHABLE, Hop: typesv1.HopKind_HOP_KIND_INSTANCE,
			Mender: typesv1.Mender_MENDER_ADMINISTRATOR, Text: m.cloud.failed.GetText(),
		})
	}
	return v
}
