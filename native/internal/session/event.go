package session

import "sag.software/native/internal/failure"

// Event is an event of the cloud instance about the session.
type Event interface{ event() }

type (
	// Opened is the first event of every stream and carries the revision of the session's settings.
	Opened struct{ Revision string }
	// Heartbeat shows that the connection works.
	Heartbeat struct{}
	// Ended means that the session is over.
	Ended struct{ Failure *failure.Failure }
	// Changed means that the session's settings have changed: a Renew fetches them.
	Changed struct{ Revision string }
	// Message is a text from the administrator.
	Message struct{ Text string }
)

func (Opened) event()    {}
func (Heartbeat) event() {}
func (Ended) event()     {}
func (Changed) event()   {}
func (Message) event()   {}
