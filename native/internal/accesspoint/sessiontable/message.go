package sessiontable

import (
	"net/netip"
	"time"
)

// Kind is what a message of the cloud's stream is.
type Kind uint8

// The zero value changes nothing: a heartbeat, or something that a later version knows.
const (
	Heartbeat Kind = iota
	// SnapshotPart is a part of a snapshot that is followed by another part.
	SnapshotPart
	// SnapshotEnd is the last part of a snapshot, or all of it: what no part has named is removed.
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
	// Remove holds session ids.
	Remove []string
}

// Peer is a session to serve.
type Peer struct {
	// ID is the session's, as the cloud wrote it.
	ID string
	// Session is complete but for its end, which follows from Lease.
	Session Session
	// Lease counts from the receipt of the message.
	Lease time.Duration
	// Invalid is why the session cannot be served as the cloud described it; nil = it can.
	Invalid error
}

// Acknowledgement says that everything up to a revision is in force.
type Acknowledgement struct {
	Epoch, Revision uint64
	Refused         []Refusal
}

// Refusal is a peer that is not in force.
type Refusal struct {
	ID string
	// Taken says that another session has the key or an address. Otherwise the peer is not valid.
	Taken bool
	Err   error
}

// Counters are what is reported of a session.
type Counters struct {
	ID string
	// RxBytes and TxBytes are inner bytes from and to the client.
	RxBytes, TxBytes uint64
	// LastHandshake is on the wall clock; zero = none yet.
	LastHandshake time.Time
	// Generation is the highest one that a probe has carried, and Active whether that probe was marked "active here".
	Generation uint64
	Active     bool
}
