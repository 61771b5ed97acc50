package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

const (
	// firstStreamDelay keeps the cloud's events out of the way of the first handshake; at the latest the stream opens then.
	firstStreamDelay = time.Second
	// streamAfterUp is when they are opened once the tunnel is up.
	streamAfterUp = 50 * time.Millisecond
	// firstStreamRetry, doubling, up to lastStreamRetry, and after a while up to patientStreamRetry.
	firstStreamRetry   = 250 * time.Millisecond
	lastStreamRetry    = time.Second
	patientStreamRetry = 2 * time.Second
	patientAfter       = time.Minute
	// silence is how long the cloud may say nothing: it has a heartbeat every 20 s.
	silence = 45 * time.Second
)

// cloud is the stream of the cloud's events.
type cloud struct {
	opening, open bool
	openAt        Instant // 0 = open or being opened
	lastEvent     Instant
	brokenSince   Instant // 0 = not broken
	retry         time.Duration
	// failed is the answer to the last retry, nil while all is well or nothing has been retried.
	failed *failure.Failure
}

// streamSoon opens the stream now that it does not hold up anything.
func (s *State) streamSoon(now Instant) {
	c := &s.cloud
	if !c.open && !c.opening {
		c.openAt = earlier(c.openAt, now+streamAfterUp)
	}
}

func (s *State) streamOpened(now Instant, revision string) {
	s.cloud = cloud{open: true, lastEvent: now}
	s.settingsChanged(now, revision)
	s.rekeyLater(now)
	// A renewal that is being retried can succeed now.
	if s.lease.retry != 0 {
		s.renewNow(now)
	}
}

func (s *State) settingsChanged(now Instant, revision string) {
	if s.session != nil && revision != "" && revision != s.session.Revision {
		s.renewNow(now)
	}
}

func (s *State) streamBroken(now Instant, f *failure.Failure) {
	if final(f.Code()) {
		s.end(f)
		return
	}
	c := &s.cloud
	if c.brokenSince == 0 {
		c.brokenSince = now
	}
	// The first retry distinguishes an interruption from an absence.
	if c.opening {
		c.failed = f
	}
	most := lastStreamRetry
	if now-c.brokenSince > patientAfter {
		most = patientStreamRetry
	}
	c.retry = min(max(2*c.retry, firstStreamRetry), most)
	c.open, c.opening = false, false
	c.openAt = now + s.jitter(c.retry)
}

func (s *State) tickCloud(now Instant) {
	c := &s.cloud
	if (c.open || c.opening) && now >= c.lastEvent+silence {
		s.do(CloseStream{})
		s.streamBroken(now, failure.Of(failure.InstanceUnreachable, msg.CloudSilent()))
	}
	if c.openAt != 0 && now >= c.openAt {
		c.openAt = 0
		c.opening = true
		c.lastEvent = now
		s.do(OpenStream{})
	}
}

func (s *State) cloudDue() Instant {
	if s.cloud.open || s.cloud.opening {
		return s.cloud.lastEvent + silence
	}
	return s.cloud.openAt
}
