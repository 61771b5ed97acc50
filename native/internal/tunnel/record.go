package tunnel

import (
	"time"

	"sag.software/native/internal/tunnel/resume"
)

// saveAgain is the wait before a failed save is retried.
const saveAgain = 10 * time.Second

// savedSession saves what a restarted process needs to resume the session. Only the loop uses it.
type savedSession struct {
	store    resume.Store
	err      error // of the last attempt; nil when the session is saved
	leaseEnd time.Duration
	tried    time.Time
}

func (r *savedSession) save(record resume.Record) error {
	r.err = r.store.Save(record)
	r.leaseEnd, r.tried = record.LeaseEnd, time.Now()
	return r.err
}

// forgotten is called when there is no longer a session to save.
func (r *savedSession) forgotten() { r.err = nil }

// due reports whether a failed save, for example on a full disk, is to be retried.
func (r *savedSession) due() bool { return r.err != nil && time.Since(r.tried) >= saveAgain }
