package flowlog

// Limits bound a table. The memory is reserved by New, and used as flows are added: about 160 bytes a flow, 90 a waiting record.
type Limits struct {
	// Flows is the largest number of flows of all clients, 1 to 2^24, and PerClient that of one client.
	Flows, PerClient int
	// Waiting is the largest number of records of flows that ended and that Due has not returned yet, at least 1.
	Waiting int
}

// Stats are a table's counters.
type Stats struct {
	// Flows is the number of flows in the table, Waiting that of records that wait for Due.
	Flows, Waiting int
	// Evicted is the number of flows that ended because there was no room for another one.
	Evicted uint64
}

// Amount is a number of records and what they counted.
type Amount struct{ Records, Packets, Bytes uint64 }

// Add adds a record.
func (a *Amount) Add(r *Record) {
	a.Records++
	a.Packets += r.Packets
	a.Bytes += r.Bytes
}
