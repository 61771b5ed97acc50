package sessiontable

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

// Kind is the kind of a message of the cloud's stream.
type Kind uint8

// The zero value changes nothing: a heartbeat, or a kind added by a later version.
const (
	Heartbeat Kind = iota
	// SnapshotPart is a part of a snapshot that is followed by another part.
	SnapshotPart
	// SnapshotEnd is the last or only part of a snapshot. Sessions that no part contains are removed.
	SnapshotEnd
	Delta
)

// Message is one message of the cloud's stream, converted and checked.
type Message struct {
	Kind            Kind
	Epoch, Revision uint64
	// ProbeAddress is the access point's own inner address; zero = unchanged.
	ProbeAddress netip.Addr
	Upsert       []Peer
	// Instances are the limits of the instances of these peers. They replace former ones with the same id.
	Instances []qos.Instance
	// Remove holds session ids.
	Remove []string
	// FlowLogs are those that the peers refer to, and that can be used.
	FlowLogs []flowlog.Log
}

// Peer is a session to serve.
type Peer struct {
	// ID is the session ID, as the cloud wrote it.
	ID string
	// Session is complete except for Ends, which follows from Lease.
	Session Session
	// Lease counts from when the message was received.
	Lease time.Duration
	// Invalid is why the session cannot be served; nil = it can.
	Invalid error
}

// Acknowledgement confirms that all changes up to a revision are in force.
type Acknowledgement struct {
	Epoch, Revision uint64
	Refused         []Refusal
}

// Refusal is a peer that is not served.
type Refusal struct {
	ID string
	// Taken means that another session has the key or an address. Otherwise the peer is invalid.
	Taken bool
	Err   error
}

// Counters are the figures reported for a session.
type Counters struct {
	ID string
	// RxBytes and TxBytes are inner bytes from and to the client.
	RxBytes, TxBytes uint64
	// LastHandshake is on the wall clock; zero = none yet.
	LastHandshake time.Time
	// Generation is the highest generation in a probe, and Active whether that probe was marked active.
	Generation uint64
	Active     bool
	// Refused is the number of packets that the session's access list refused.
	Refused uint64
}

// Decided are counts of packets since the start of the access point.
type Decided struct {
	// Rules are those that rules of access lists have decided about.
	Rules []acl.Count
	// Drops are the dropped ones.
	Drops []Drop
}

// Drop is the number of packets that were dropped for a reason, and of their inner bytes.
type Drop struct {
	Reason         DropReason
	Packets, Bytes uint64
}

// DropReason is why a packet was dropped.
type DropReason uint8

const (
	// ByAccessList is by a rule.
	ByAccessList DropReason = iota + 1
	// Unclear packets are malformed, fragments whose first one is not known, or answers that nobody asked for, of a client with an
	// access list.
	Unclear
	// ByDestination is for packets to no destination of the client, or to an address that is protected.
	ByDestination
)

// ClassCounters are the figures reported for a class of an instance.
type ClassCounters struct {
	// Instance and Class are the ids; Class is empty for the packets that belong to no class.
	Instance, Class string
	Direction       rules.Direction
	// Packets and Bytes have left; the others were dropped because their queue was full, the memory of all queues was full, and because they
	// waited too long.
	Packets, Bytes, DroppedFull, DroppedMemory, DroppedDelay uint64
}
