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

// lease is the time for which the cloud and the access points keep the session without a renewal.
type lease struct {
	end      Instant
	length   time.Duration
	renewAt  Instant // 0 while a renewal is in flight
	retry    time.Duration
	renewals uint32
	// newKey is set when this process has no private key for the session, as after a restart.
	newKey bool
	// again is set when settings changed while a renewal was in flight, so that another one is needed.
	again bool
}

// takeLease counts the lease from the request, because the cloud started it some time before the response arrived.
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
	// Before there is a session, dns_unavailable refers to the cloud's name, and a successful renewal clears it.
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

// renewNow renews as soon as possible, or right after the renewal in flight.
func (s *State) renewNow(now Instant) {
	if s.lease.renewAt == 0 {
		s.lease.again = true
		return
	}
	s.lease.renewAt = min(s.lease.renewAt, now)
}

// jitter subtracts up to a fifth, so that clients that lost the cloud together do not retry together.
func (s *State) jitter(d time.Duration) time.Duration {
	return d - time.Duration(s.random()%uint64(max(d/5, 1)))
}

// final reports whether a cause from the cloud ends the session because a retry would fail in the same way.
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
