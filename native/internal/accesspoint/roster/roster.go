package roster

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/engine"
)

// Roster is the set of sessions in force. It is not safe for concurrent use.
type Roster struct {
	epoch, revision uint64
	sessions        map[string]*Session
	probeAddress    netip.Addr

	// parts collects a snapshot until its last message has come: only the whole of it may replace anything.
	parts []*accesspointv1.Peer
}

// Change is what a message, or time, brought about.
type Change struct {
	// RemovePeers and UpsertPeers are for the engine, in this order.
	RemovePeers []engine.Key
	UpsertPeers []engine.Peer
	// Ended lists the ids of sessions that are no longer served.
	Ended []string
	// Acknowledge tells that Epoch and Revision are in force once the rest is done.
	Acknowledge     bool
	Epoch, Revision uint64
	// Refused are peers that are not in force, with why.
	Refused []*accesspointv1.RefusedPeer
}

// New makes an empty roster.
func New() *Roster { return &Roster{sessions: map[string]*Session{}} }

// ProbeAddress is the access point's own inner address; invalid before the cloud has told it.
func (r *Roster) ProbeAddress() netip.Addr { return r.probeAddress }

// Sessions lists what is in force. The sessions are never changed, only replaced.
func (r *Roster) Sessions() []*Session { return slices.Collect(maps.Values(r.sessions)) }

// StreamBegins forgets a snapshot that was broken off.
func (r *Roster) StreamBegins() { r.parts = nil }

// Receive takes a message of the stream. An error means that the stream makes no sense and has to be begun anew.
func (r *Roster) Receive(message *accesspointv1.WatchResponse, now time.Duration) (Change, error) {
	switch change := message.GetChange().(type) {
	case *accesspointv1.WatchResponse_Snapshot:
		return r.snapshot(message, change.Snapshot, now)
	case *accesspointv1.WatchResponse_Delta:
		if message.GetEpoch() != r.epoch {
			return Change{}, fmt.Errorf("a delta of epoch %d came in epoch %d", message.GetEpoch(), r.epoch)
		}
		if err := r.settings(change.Delta.GetSettings()); err != nil {
			return Change{}, err
		}
		return r.apply(message, change.Delta.GetUpsert(), change.Delta.GetRemove(), now), nil
	default:
		return Change{}, nil // a heartbeat, or something a later version knows
	}
}

func (r *Roster) snapshot(message *accesspointv1.WatchResponse, part *accesspointv1.Snapshot, now time.Duration) (Change, error) {
	if err := r.settings(part.GetSettings()); err != nil {
		return Change{}, err
	}
	r.parts = append(r.parts, part.GetPeers()...)
	if !part.GetLast() {
		return Change{}, nil
	}
	wanted := make(map[string]bool, len(r.parts))
	for _, peer := range r.parts {
		wanted[peer.GetSessionId()] = true
	}
	var gone []string
	for id := range r.sessions {
		if !wanted[id] {
			gone = append(gone, id)
		}
	}
	parts := r.parts
	r.parts = nil
	return r.apply(message, parts, gone, now), nil
}

func (r *Roster) settings(settings *accesspointv1.Settings) error {
	if settings == nil {
		return nil
	}
	address, err := netip.ParseAddr(settings.GetProbeAddress())
	if err != nil || !address.Is6() || address.Is4In6() || !address.IsGlobalUnicast() {
		return fmt.Errorf("settings.probe_address: %q is no inner IPv6 address", settings.GetProbeAddress())
	}
	r.probeAddress = address
	return nil
}

// apply works out the state after removals and upserts, and how the engine gets there. A session whose key or address
// another one has is refused, and what it had before is taken from it: the cloud believes in the new state.
func (r *Roster) apply(message *accesspointv1.WatchResponse, upsert []*accesspointv1.Peer, remove []string, now time.Duration) Change {
	r.epoch, r.revision = message.GetEpoch(), message.GetRevision()
	change := Change{Acknowledge: true, Epoch: r.epoch, Revision: r.revision}
	before := maps.Clone(r.sessions)
	for _, id := range remove {
		delete(r.sessions, id)
	}
	for _, peer := range upsert {
		delete(r.sessions, peer.GetSessionId())
	}
	taken := newTaken(r.probeAddress, r.sessions)
	for _, peer := range upsert {
		session, err := parse(peer, now)
		cause := typesv1.Cause_CAUSE_INVALID_ARGUMENT
		if err == nil {
			cause = typesv1.Cause_CAUSE_ADDRESS_IN_USE
			err = taken.take(session)
		}
		if err != nil {
			change.Refused = append(change.Refused, &accesspointv1.RefusedPeer{
				SessionId: peer.GetSessionId(),
				Failure:   &typesv1.Failure{Cause: cause, Text: err.Error()},
			})
			continue
		}
		r.sessions[session.ID] = session
	}
	change.compare(before, r.sessions)
	return change
}

// Expire ends sessions whose lease is over.
func (r *Roster) Expire(now time.Duration) Change {
	before := maps.Clone(r.sessions)
	for id, session := range r.sessions {
		if session.Ends <= now {
			delete(r.sessions, id)
		}
	}
	var change Change
	change.compare(before, r.sessions)
	return change
}

// NextEnd is when the next lease is over; ok = there is one.
func (r *Roster) NextEnd() (at time.Duration, ok bool) {
	for _, session := range r.sessions {
		if !ok || session.Ends < at {
			at, ok = session.Ends, true
		}
	}
	return at, ok
}

// compare fills in how the engine gets from one set of sessions to the other. Equal peers are left alone: to set them
// anew would interrupt them.
func (c *Change) compare(before, after map[string]*Session) {
	for id, old := range before {
		session, stays := after[id]
		if !stays {
			c.Ended = append(c.Ended, id)
		}
		if !stays || session.Key != old.Key {
			c.RemovePeers = append(c.RemovePeers, old.Key)
		}
	}
	for id, session := range after {
		if old, there := before[id]; !there || !session.samePeer(old) {
			c.UpsertPeers = append(c.UpsertPeers, session.peer())
		}
	}
}
