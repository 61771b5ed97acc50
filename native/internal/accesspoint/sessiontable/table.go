// Package sessiontable holds the sessions that the cloud wants served here, and works out what has to change in the engine. It
// is pure: messages and times go in, changes come out.
package sessiontable

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"sag.software/native/internal/engine"
)

// Table is the set of sessions in force. It is not safe for concurrent use.
type Table struct {
	epoch, revision uint64
	sessions        map[string]*Session
	probeAddress    netip.Addr

	// parts collects a snapshot until its last message has come: only a whole snapshot may replace anything.
	parts []Peer
}

// Change is what a message, or the end of a lease, leads to.
type Change struct {
	// RemovePeers and UpsertPeers are for the engine, in this order.
	RemovePeers []engine.Key
	UpsertPeers []engine.PeerConfig
	// Ended lists the ids of sessions that are no longer served.
	Ended []string
	// Acknowledge says that the Acknowledgement is true once the rest is done.
	Acknowledge bool
	Acknowledgement
}

// New makes an empty table.
func New() *Table { return &Table{sessions: map[string]*Session{}} }

// ProbeAddress is the access point's own inner address; invalid before the cloud has sent it.
func (t *Table) ProbeAddress() netip.Addr { return t.probeAddress }

// Sessions lists what is in force. The sessions are never changed, only replaced.
func (t *Table) Sessions() []*Session { return slices.Collect(maps.Values(t.sessions)) }

// StreamBegins forgets a snapshot that was broken off.
func (t *Table) StreamBegins() { t.parts = nil }

// Receive takes a message of the stream. An error means that the stream makes no sense and has to be begun anew.
func (t *Table) Receive(message Message, now time.Duration) (Change, error) {
	if message.Kind == Delta && message.Epoch != t.epoch {
		return Change{}, fmt.Errorf("a delta of epoch %d came in epoch %d", message.Epoch, t.epoch)
	}
	if message.ProbeAddress.IsValid() {
		t.probeAddress = message.ProbeAddress
	}
	switch message.Kind {
	case SnapshotPart:
		t.parts = append(t.parts, message.Upsert...)
	case SnapshotEnd:
		message.Upsert = append(t.parts, message.Upsert...)
		t.parts = nil
		message.Remove = t.missing(message.Upsert)
		return t.apply(message, now), nil
	case Delta:
		return t.apply(message, now), nil
	}
	return Change{}, nil
}

// missing are the sessions that a whole snapshot does not name.
func (t *Table) missing(snapshot []Peer) (gone []string) {
	wanted := make(map[string]bool, len(snapshot))
	for _, peer := range snapshot {
		wanted[peer.ID] = true
	}
	for id := range t.sessions {
		if !wanted[id] {
			gone = append(gone, id)
		}
	}
	return gone
}

// apply works out the state after removals and upserts, and how the engine gets there. A session whose key or address
// another one has is refused, and what it had before is taken from it: the cloud believes in the new state.
func (t *Table) apply(message Message, now time.Duration) Change {
	t.epoch, t.revision = message.Epoch, message.Revision
	change := Change{Acknowledge: true, Acknowledgement: Acknowledgement{Epoch: t.epoch, Revision: t.revision}}
	before := maps.Clone(t.sessions)
	for _, id := range message.Remove {
		delete(t.sessions, id)
	}
	for _, peer := range message.Upsert {
		delete(t.sessions, peer.ID)
	}
	taken := newTaken(t.probeAddress, t.sessions)
	for _, peer := range message.Upsert {
		if peer.Invalid != nil {
			change.Refused = append(change.Refused, Refusal{ID: peer.ID, Err: peer.Invalid})
			continue
		}
		session := peer.Session
		session.Ends = now + peer.Lease
		if err := taken.take(&session); err != nil {
			change.Refused = append(change.Refused, Refusal{ID: peer.ID, Taken: true, Err: err})
			continue
		}
		t.sessions[session.ID] = &session
	}
	change.compare(before, t.sessions)
	return change
}

// Expire ends sessions whose lease is over.
func (t *Table) Expire(now time.Duration) Change {
	before := maps.Clone(t.sessions)
	for id, session := range t.sessions {
		if session.Ends <= now {
			delete(t.sessions, id)
		}
	}
	var change Change
	change.compare(before, t.sessions)
	return change
}

// NextEnd is when the next lease is over; ok = there is one.
func (t *Table) NextEnd() (at time.Duration, ok bool) {
	for _, session := range t.sessions {
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
