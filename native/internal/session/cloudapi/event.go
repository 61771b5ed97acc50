package cloudapi

import (
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/session"
)

// eventOf converts an event of the contract. Events that this version does not support count as heartbeats.
func eventOf(m *clientv1.EventsResponse) session.Event {
	switch {
	case m.GetOpened() != nil:
		return session.Opened{Revision: m.GetOpened().GetProfileRevision()}
	case m.GetEnded() != nil:
		return session.Ended{Failure: wire.Failure(m.GetEnded())}
	case m.GetProfileChanged() != nil:
		return session.Changed{Revision: m.GetProfileChanged().GetProfileRevision()}
	case m.GetMessage() != nil:
		return session.Message{Text: m.GetMessage().GetText()}
	default:
		return session.Heartbeat{}
	}
}
