// Package sessiontable keeps the sessions that the cloud wants served, and computes the changes to the engine. It is pure:
// messages and times go in, changes come out.
package sessiontable

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/flowlog"
)

// Table is the set of sessions in force. It is not safe for concurrent use.
type Table struct {
	epoch, revision uint64
	sessions        map[string]*Session
	instances       map[string]qos.Instance
	probeAddress    netip.Addr
	flowLogs        map[string]flowlog.Log

	// rules are the access lists in force, by their id, so that the sessions share them.
	rules map[string][]rules.Rule

	// parts, partLogs and partInstances collect the parts of a snapshot until the last one arrives: only a complete snapshot may remove
	// sessions.
	parts         []Peer
	partLogs      []flowlog.Log
	partInstances []qos.Instance
}

// Change is the result of a message or of the end of a lease.
type Change struct {
	// RemovePeers and UpsertPeers are applied to the engine in this order.
	RemovePeers []engine.Key
	UpsertPeers []engine.PeerConfig
	// Ended lists the ids of sessions that are no longer served.
	Ended []string
	// Acknowledge means that the Acknowledgement is to be sent once the change is applied.
	Acknowledge bool
	Acknowledgement
}

// New makes an empty table.
func New() *Table {
	return &Table{
		sessions: map[string]*Session{}, flowLogs: map[string]flowlog.Log{}, instances: map[string]qos.Instance{},
		rules: map[string][]rules.Rule{},
	}
}

// ProbeAddress is the access point's own inner address; invalid before the cloud has sent it.
func (t *Table) ProbeAddress() netip.Addr { return t.probeAddress }

// Sessions lists the sessions in force. They are never modified, only replaced.
func (t *Table) Sessions() []*Session { return slices.Collect(maps.Values(t.sessions)) }

// FlowLogs returns the flow logs of the sessions in force, by ID. The map is never modified, only replaced.
func (t *Table) FlowLogs() map[string]flowlog.Log { return t.flowLogs }

// Instances lists the limits of the instances of these sessions.
func (t *Table) Instances() []qos.Instance { return slices.Collect(maps.Values(t.instances)) }

// Bandwidth returns that of an instance, bit/s; 0 = no limit.
func (t *Table) Bandwidth(instance string) uint64 { return t.instances[instance].Bandwidth }

// StreamBegins discards an incomplete snapshot.
func (t *Table) StreamBegins() { t.parts, t.partLogs, t.partInstances = nil, nil, nil }

// Receive processes a message of the stream. An error means that the stream is inconsistent and must be opened again.
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
		t.partLogs = append(t.partLogs, message.FlowLogs...)
		t.partInstances = append(t.partInstances, message.Instances...)
	case SnapshotEnd:
		message.Upsert = append(t.parts, message.Upsert...)
		message.FlowLogs = append(t.partLogs, message.FlowLogs...)
		message.Instances = append(t.partInstances, message.Instances...)
		t.parts, t.partLogs, t.partInstances = nil, nil, nil
		message.Remove = t.missing(message.Upsert)
		return t.apply(message, now), nil
	case Delta:
		return t.apply(message, now), nil
	}
	return Change{}, nil
}

// missing returns the ids of sessions that a complete snapshot does not contain.
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

// apply removes and upserts sessions, and computes the changes to the engine. A session whose key or address another session has
// is refused and no longer served with its former settings either, because the cloud regards the new state as valid.
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
		t.share(&session)
		session.Ends = now + peer.Lease
		if err := taken.take(&session); err != nil {
			change.Refused = append(change.Refused, Refusal{ID: peer.ID, Taken: true, Err: err})
			continue
		}
		t.sessions[session.ID] = &session
	}
	t.updateFlowLogs(message.FlowLogs)
	t.forgetUnusedRules()
	for _, instance := range message.Instances {
		t.instances[instance.ID] = instance
	}
	t.forgetInstances()
	change.compare(before, t.sessions)
	return change
}

// updateFlowLogs adds or replaces flow logs, and forgets those that no session has.
func (t *Table) updateFlowLogs(added []flowlog.Log) {
	known := maps.Clone(t.flowLogs)
	for _, log := range added {
		known[log.ID] = log
	}
	t.flowLogs = map[string]flowlog.Log{}
	for _, session := range t.sessions {
		if log, is := known[session.FlowLog]; is {
			t.flowLogs[log.ID] = log
		}
	}
}

// share replaces the session's rules by the same ones of other sessions, which saves memory.
func (t *Table) share(session *Session) {
	if session.RulesID == "" {
		return
	}
	if known, there := t.rules[session.RulesID]; there {
		session.Rules = known
	} else {
		t.rules[session.RulesID] = session.Rules
	}
}

func (t *Table) forgetUnusedRules() {
	if len(t.rules) == 0 {
		return
	}
	used := make(map[string][]rules.Rule, len(t.rules))
	for _, session := range t.sessions {
		if session.RulesID != "" {
			used[session.RulesID] = session.Rules
		}
	}
	t.rules = used
}

// forgetInstances removes instances without sessions.
func (t *Table) forgetInstances() {
	used := make(map[string]bool, len(t.instances))
	for _, session := range t.sessions {
		used[session.Instance] = true
	}
	maps.DeleteFunc(t.instances, func(id string, _ qos.Instance) bool { return !used[id] })
}

// Expire removes sessions whose lease has ended.
func (t *Table) Expire(now time.Duration) Change {
	before := maps.Clone(t.sessions)
	for id, session := range t.sessions {
		if session.Ends <= now {
			delete(t.sessions, id)
		}
	}
	t.forgetInstances()
	var change Change
	change.compare(before, t.sessions)
	return change
}

// NextEnd returns when the next lease ends; ok is false if there are no sessions.
func (t *Table) NextEnd() (at time.Duration, ok bool) {
	for _, session := range t.sessions {
		if !ok || session.Ends < at {
			at, ok = session.Ends, true
		}
	}
	return at, ok
}

// compare fills in the changes from one set of sessions to the other. Unchanged peers are left out: setting them again would
// interrupt their traffic.
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
