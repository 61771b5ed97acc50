package fsm

import (
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

const (
	// firstStreamDelay is when the event stream is opened at the latest. The delay leaves the network to the first
	// handshake.
	firstStreamDelay = time.Second
	// streamAfterUp is the delay of the stream after the tunnel came up.
	streamAfterUp = 50 * time.Millisecond
	// The retry interval doubles from firstStreamRetry up to lastStreamRetry, and after patientAfter up to
	// patientStreamRetry.
	firstStreamRetry   = 250 * time.Millisecond
	lastStreamRetry    = time.Second
	patientStreamRetry = 2 * time.Second
	patientAfter       = time.Minute
	// silence is how long the stream may be silent. The cloud sends a heartbeat every 20 s.
	silence = 45 * time.Second
)

// cloud is the state of the cloud's event stream.
type cloud struct {
	opening, open bool
	openAt        Instant // 0 while the stream is open or being opened
	lastEvent     Instant
	brokenSince   Instant // 0 while the stream is not broken
	retry         time.Duration
	// failed is the error of the last retry; nil if the stream works or has not been retried.
	failed *failure.Failure
}

// streamSoon opens the stream shortly after the tunnel came up.
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
	// The cloud is reachable again, so a renewal that is being retried need not wait.
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
	// One retry is made before the cloud is reported as unreachable, so that a short interruption shows no warning.
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
