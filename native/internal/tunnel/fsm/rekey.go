package fsm

import (
	"time"

	"sag.software/native/internal/session"
)

const (
	// rekeyAfter is how long handshakes go unanswered before new keys are requested from the cloud.
	rekeyAfter = 6 * time.Second
	// firstRekeyPause, doubling up to lastRekeyPause, is the least time between two such requests.
	firstRekeyPause = 30 * time.Second
	lastRekeyPause  = 5 * time.Minute
	// rekeySettle is how long keys or a cloud that have just come get to work before new keys are requested.
	rekeySettle = 2 * time.Second
)

// rekey is the way out when the access point does not know the keys of this session any more, as after its server was
// restored from a backup: handshakes then stay unanswered however long they are repeated (WireGuard answers none that it
// can not authenticate), and only the cloud can hand out keys that both sides have.
type rekey struct {
	// at is when new keys are due; 0 = connected, or nothing to connect to.
	at Instant
	// last is when they were last requested, 0 = never; pause is the wait after it.
	last  Instant
	pause time.Duration
	// awaited says that the answer to such a request is outstanding; renewAt is what was planned before it.
	awaited bool
	renewAt Instant
}

// tickRekey asks for new keys when handshakes have gone unanswered for long enough. Only while the cloud's events come:
// without a network, or without the cloud, a request could not succeed and says nothing new.
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
	// The jitter is added here: the pause is the least time.
	r.at = now + 2*r.pause - s.jitter(r.pause)
	r.awaited, r.renewAt = true, s.lease.renewAt
	s.lease.renewAt = 0
	s.do(Renew{NewKey: true})
}

// mayRekey says that a request can succeed: the cloud's events are received, and no other renewal is under way or being retried.
func (s *State) mayRekey() bool {
	return s.cloud.open && s.lease.renewAt != 0 && s.lease.retry == 0
}

func (s *State) rekeyDue() Instant {
	if !s.mayRekey() {
		return 0
	}
	return s.rekey.at
}

// rekeyLater lets what has just changed work first.
func (s *State) rekeyLater(now Instant) {
	if s.rekey.at != 0 {
		s.rekey.at = max(s.rekey.at, now+s.jitter(rekeySettle))
	}
}

// rekeyed puts new keys in force at the access point in use or, if only others have them, at the first of those.
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
	// Connections stay: it may be the access point that they go through.
	s.activate(now, s.link.current, false)
}

// rekeyFailed leaves the plan of renewals as it was: the next request follows after the pause.
func (s *State) rekeyFailed(now Instant) {
	s.rekey.awaited = false
	s.lease.renewAt = max(s.rekey.renewAt, now)
	if s.lease.again {
		s.lease.again = false
		s.lease.renewAt = now
	}
}
