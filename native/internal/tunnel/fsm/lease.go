package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
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

// takeLease counts the lease from when it was requested, not from when the answer came.
func (s *State) takeLease(requestedAt Instant, p *session.Session) {
	s.lease.length = p.Lease
	s.lease.end = requestedAt + p.Lease
	s.lease.renewAt = requestedAt + min(p.RenewAfter, p.Lease)
	s.lease.retry = 0
	s.lease.newKey = false
	s.do(Remember{LeaseEnd: s.lease.end})
}

func (s *State) tickLease(now Instant) {
	if now >= s.lease.end {
		s.end(failure.Of(failure.SessionExpired, msg.SessionLeaseOver()))
		return
	}
	if s.lease.renewAt != 0 && now >= s.lease.renewAt {
		s.lease.renewAt = 0
		s.do(Renew{NewKey: s.lease.newKey})
	}
}

func (s *State) leaseDue() Instant { return earlier(s.lease.end, s.lease.renewAt) }

func (s *State) renewed(now Instant, e Renewed) {
	if f := Usable(e.Session); f != nil {
		s.renewFailed(now, f)
		return
	}
	s.lease.renewals++
	byRekey := s.rekey.awaited
	s.rekey.awaited = false
	s.takeLease(e.RequestedAt, e.Session)
	if s.lease.again {
		s.lease.again = false
		s.lease.renewAt = now
	}
	// Without a session, the name that could not be looked up was the cloud's.
	if code := s.cause.Code(); code != failure.AccessPointUnreachable && (code != failure.DNSUnavailable || s.session == nil) {
		s.cause = nil
	}
	if byRekey {
		s.rekeyed(now, e.Session)
	} else {
		s.apply(now, e.Session)
	}
	s.rekeyLater(now)
	s.streamSoon(now)
}

func (s *State) renewFailed(now Instant, f *failure.Failure) {
	if final(f.Code()) {
		s.end(f)
		return
	}
	if s.rekey.awaited {
		s.rekeyFailed(now)
		return
	}
	if s.session == nil {
		s.cause = f
	}
	s.lease.retry = min(max(2*s.lease.retry, firstRenewRetry), lastRenewRetry)
	wait := s.lease.retry
	if f != nil && f.RetryAfter > wait {
		wait = f.RetryAfter
	}
	s.lease.renewAt = now + s.jitter(wait)
}

// renewNow asks for a renewal as soon as possible.
func (s *State) renewNow(now Instant) {
	if s.lease.renewAt == 0 {
		s.lease.again = true
		return
	}
	s.lease.renewAt = min(s.lease.renewAt, now)
}

// jitter takes up to a fifth off, so that many clients do not come back at once.
func (s *State) jitter(d time.Duration) time.Duration {
	return d - time.Duration(s.random()%uint64(max(d/5, 1)))
}

// final says that a cause from the cloud ends the session: trying again would get the same answer.
func final(cause failure.Cause) bool {
	switch cause {
	case failure.SessionExpired, failure.Kicked, failure.Replaced,
		failure.AccountDisabled, failure.SessionLimit, failure.AddressInUse,
		failure.SignInExpired, failure.PasswordChangeRequired,
		failure.InstanceLocked, failure.InstanceExpired,
		failure.ClientTooOld, failure.ProtocolTooOld, failure.BadCredentials:
		return true
	default:
		return false
	}
}
