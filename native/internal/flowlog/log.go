package flowlog

import (
	"net/netip"
	"time"
)

// Log says where an access point sends the records of the clients that have it.
type Log struct {
	// ID is the administrator's.
	ID string
	// Version of NetFlow: 5, 9, or 10 for IPFIX; 0 = nothing is sent to a collector.
	Version uint16
	// Collector is only used with a Version.
	Collector netip.AddrPort
	// JSONLines is true if records are also written to the access point's file. Project and Logstore are fields of its lines.
	JSONLines         bool
	Project, Logstore string
	Timeouts          Timeouts
}

// Timeouts say when a record is due: when a flow is as old as Active, and when no packet of it came for Inactive.
type Timeouts struct{ Active, Inactive time.Duration }
