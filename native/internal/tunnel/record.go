package tunnel

import (
	"time"

	"sag.software/native/internal/tunnel/resume"
)

// saveAgain is how long after a failure to save the session it is tried again.
const saveAgain = 10 * time.Second

// savedSession writes down what a restarted process needs to resume the session. It belongs to the loop.
type savedSession struct {
	store    resume.Store
	err      error // of the last try; nil when the session is saved
	leaseEnd time.Duration
	tried    time.Time
}

func (r *savedSession) save(record resume.Record) error {
	r.err = r.store.Save(record)
	r.leaseEnd, r.tried = record.LeaseEnd, time.Now()
	return r.err
}

// forgotten says that there is no session to save.
func (r *savedSession) forgotten() { r.err = nil }

// due is true if the session is to be saved once more, because there was no room for it.
func (r *savedSession) due() bool { return r.err != nil && time.Since(r.tried) >= saveAgain }
