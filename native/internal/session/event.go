package session

import "sag.software/native/internal/failure"

// Event is something that the cloud instance reports about the session.
type Event interface{ event() }

type (
	// Opened comes first on every stream, with the revision of the session's settings.
	Opened struct{ Revision string }
	// Heartbeat is a sign of life.
	Heartbeat struct{}
	// Ended says that the session is over.
	Ended struct{ Failure *failure.Failure }
	// Changed says that Renew would answer something new.
	Changed struct{ Revision string }
	// Message is a text of the administrator.
	Message struct{ Text string }
)

func (Opened) event()    {}
func (Heartbeat) event() {}
func (Ended) event()     {}
func (Changed) event()   {}
func (Message) event()   {}
