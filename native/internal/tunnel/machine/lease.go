package machine

import (
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/profile"
)

const (
	firstRenewRetry = 500 * time.Millisecond
	lastRenewRetry  = 5 * time.Second
)

// lease is how long the session is kept without the cloud.
type lease struct {
	end      Instant
	length   time.Duration
	renewAt  Instant // 0 = an answer is awaited
	retry    time.Duration
	renewals uint32
	// newKey says that this process has no key of this session yet.
	newKey bool
	// again says that something changed while an answer was awaited.
	again bool
}

// takeLease counts the lease from when it was asked for, not from when the answer came.
func (m *Machine) takeLease(askedAt Instant, p *profile.Profile) {
	m.lease.length = p.Lease
	m.lease.end = askedAt + p.Lease
	m.lease.renewAt = askedAt + min(p.RenewAfter, p.Lease)
	m.lease.retry = 0
	m.lease.newKey = false
	m.do(Remember{LeaseEnd: m.lease.end})
}

func (m *Machine) tickLease(now Instant) {
	if now >= m.lease.end {
		m.end(failure.Of(typesv1.Cause_CAUSE_SESSION_EXPIRED, "the lease ended before the cloud instance could be reached"))
		return
	}
	if m.lease.renewAt != 0 && now >= m.lease.renewAt {
		m.lease.renewAt = 0
		m.do(Renew{NewKey: m.lease.newKey})
	}
}

func (m *Machine) leaseDue() Instant { return earlier(m.lease.end, m.lease.renewAt) }

func (m *Machine) renewed(now Instant, e Renewed) {
	m.lease.renewals++
	m.takeLease(e.AskedAt, e.Profile)
	if m.lease.again {
		m.lease.again = false
		m.lease.renewAt = now
	}
	if m.cause.GetCause() != typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE {
		m.cause = nil
	}
	m.apply(now, e.Profile)
	m.streamSoon(now)
}

func (m *Machine) renewFailed(now Instant, f *typesv1.Failure) {
	if final(f.GetCause()) {
		m.end(f)
		return
	}
	if m.profile == nil {
		m.cause = f
	}
	m.lease.retry = min(max(2*m.lease.retry, firstRenewRetry), lastRenewRetry)
	wait := m.lease.retry
	if after := f.GetRetryAfter().AsDuration(); after > wait {
		wait = after
	}
	m.lease.renewAt = now + m.jitter(wait)
}

// renewNow asks for a renewal as soon as possible.
func (m *Machine) renewNow(now Instant) {
	if m.lease.renewAt == 0 {
		m.lease.again = true
		return
	}
	m.lease.renewAt = min(m.lease.renewAt, now)
}

// jitter takes up to a fifth off, so that many clients do not come back at once.
func (m *Machine) jitter(d time.Duration) time.Duration {
	return d - time.Duration(m.random()%uint64(max(d/5, 1)))
}

// final says that a cause from the cloud ends the session: trying again would get the same answer.
func final(cause typesv1.Cause) bool {
	switch cause {
	case typesv1.Cause_CAUSE_SESSION_EXPIRED, typesv1.Cause_CAUSE_KICKED, typesv1.Cause_CAUSE_REPLACED,
		typesv1.Cause_CAUSE_ACCOUNT_DISABLED, typesv1.Cause_CAUSE_SESSION_LIMIT, typesv1.Cause_CAUSE_ADDRESS_IN_USE,
		typesv1.Cause_CAUSE_SIGN_IN_EXPIRED, typesv1.Cause_CAUSE_PASSWORD_CHANGE_REQUIRED,
		typesv1.Cause_CAUSE_INSTANCE_LOCKED, typesv1.Cause_CAUSE_INSTANCE_EXPIRED,
		typesv1.Cause_CAUSE_CLIENT_TOO_OLD, typesv1.Cause_CAUSE_PROTOCOL_TOO_OLD, typesv1.Cause_CAUSE_BAD_CREDENTIALS:
		return true
	default:
		return false
	}
}
