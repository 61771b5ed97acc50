package machine

import (
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
)

const (
	// firstStreamDelay keeps the cloud's events out of the way of the first handshake; at the latest they are heard then.
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
	heard         Instant
	brokenSince   Instant // 0 = not broken
	retry         time.Duration
	// failed is the answer to the last retry, nil while all is well or nothing has been retried.
	failed *typesv1.Failure
}

// streamSoon opens the stream now that it does not hold up anything.
func (m *Machine) streamSoon(now Instant) {
	c := &m.cloud
	if !c.open && !c.opening {
		c.openAt = earlier(c.openAt, now+streamAfterUp)
	}
}

func (m *Machine) streamOpened(now Instant, revision string) {
	m.cloud = cloud{open: true, heard: now}
	m.profileChanged(now, revision)
	// A renewal that is being retried has somebody to talk to again.
	if m.lease.retry != 0 {
		m.renewNow(now)
	}
}

func (m *Machine) profileChanged(now Instant, revision string) {
	if m.profile != nil && revision != "" && revision != m.profile.Revision {
		m.renewNow(now)
	}
}

func (m *Machine) streamBroken(now Instant, f *typesv1.Failure) {
	if final(f.GetCause()) {
		m.end(f)
		return
	}
	c := &m.cloud
	if c.brokenSince == 0 {
		c.brokenSince = now
	}
	// The first retry tells an interruption from an absence.
	if c.opening {
		c.failed = f
	}
	most := lastStreamRetry
	if now-c.brokenSince > patientAfter {
		most = patientStreamRetry
	}
	c.retry = min(max(2*c.retry, firstStreamRetry), most)
	c.open, c.opening = false, false
	c.openAt = now + m.jitter(c.retry)
}

func (m *Machine) tickCloud(now Instant) {
	c := &m.cloud
	if (c.open || c.opening) && now >= c.heard+silence {
		m.do(CloseStream{})
		m.streamBroken(now, &typesv1.Failure{Cause: typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE, Text: "the cloud instance fell silent"})
	}
	if c.openAt != 0 && now >= c.openAt {
		c.openAt = 0
		c.opening = true
		c.heard = now
		m.do(OpenStream{})
	}
}

func (m *Machine) cloudDue() Instant {
	if m.cloud.open || m.cloud.opening {
		return m.cloud.heard + silence
	}
	return m.cloud.openAt
}
