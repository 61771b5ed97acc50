package fsm

import (
	"time"

	"sag.software/native/internal/session"
)

const (
	// rekeyAfter is how long handshakes go unanswered before new keys are requested from the cloud.
	rekeyAfter = 6 * time.Second
	// firstRekeyPause is the shortest time between two such requests. It doubles with each, up to lastRekeyPause.
	firstRekeyPause = 30 * time.Second
	lastRekeyPause  = 5 * time.Minute
	// rekeySettle is the wait after new keys arrived or the event stream opened, so that they can work before new keys are
	// requested.
	rekeySettle = 2 * time.Second
)

// rekey recovers a session whose keys the access point has lost, for example because the server was restored from a backup.
// WireGuard does not answer handshakes that it cannot authenticate, so repeating them does not help; only the cloud can
// give both sides matching keys.
type rekey struct {
	// at is when new keys are due; 0 while connected or without a session.
	at Instant
	// last is when new keys were last requested, 0 = never; pause is the wait after that.
	last  Instant
	pause time.Duration
	// awaited is set while such a request is in flight; renewAt is the renewal time that was planned before it.
	awaited bool
	renewAt Instant
}

// tickRekey requests new keys when handshakes have gone unanswered for rekeyAfter. It waits for the event stream, because
// without the cloud a request cannot succeed.
func (s *State) tickRekey(now Instant) {
	r := &s.rekey
	if s.phase == Connected || s.session == nil {
		r.at = 0
		return
	}
	if r.at == 0 {
		if r.last != 0 && now > r.last+2*lastRekeyPause {
			r.last, r.pause = 0, 0
		}
		r.at = now + s.jitter(rekeyAfter)
		if r.last != 0 {
			r.at = max(r.at, r.last+r.pause)
		}
	}
	if now < r.at || !s.mayRekey() {
		return
	}
	r.pause = min(max(2*r.pause, firstRekeyPause), lastRekeyPause)
	r.last = now
	// jitter subtracts, and r.pause is the minimum: 2*pause minus the jitter of one pause stays above it.
	r.at = now + 2*r.pause - s.jitter(r.pause)
	r.awaited, r.renewAt = true, s.lease.renewAt
	s.lease.renewAt = 0
	s.do(Renew{NewKey: true})
}

// mayRekey reports whether a request can succeed: the event stream is open, and no other renewal is in flight or being
// retried.
func (s *State) mayRekey() bool {
	return s.cloud.open && s.lease.renewAt != 0 && s.lease.retry == 0
}

func (s *State) rekeyDue() Instant {
	if !s.mayRekey() {
		return 0
	}
	return s.rekey.at
}

// rekeyLater postpones the next request by rekeySettle.
func (s *State) rekeyLater(now Instant) {
	if s.rekey.at != 0 {
		s.rekey.at = max(s.rekey.at, now+s.jitter(rekeySettle))
	}
}

// rekeyed uses new keys at the access point in use or, if only others have acknowledged them, at the first of those.
func (s *State) rekeyed(now Instant, p *session.Session) {
	kept := s.keepCandidate(p)
	if s.phase == Connected {
		s.phase = Reconnecting
		s.cause = unreachable()
	}
	if !kept || !s.link.candidates[s.link.current].AccessPoint.Ready && s.link.candidates[0].AccessPoint.Ready {
		s.choose(now, 0)
		return
	}
	// Connections are kept: the access point may be the one that already carries them.
	s.activate(now, s.link.current, false)
}

// rekeyFailed restores the planned renewal; tickRekey tries again after the pause.
func (s *State) rekeyFailed(now Instant) {
	s.rekey.awaited = false
	s.lease.renewAt = max(s.rekey.renewAt, now)
	if s.lease.again {
		s.lease.again = false
		s.lease.renewAt = now
	}
}
