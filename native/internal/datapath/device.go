package datapath

// Device is the lower end of a path: a network stack in the process, or a link of the host.
type Device interface {
	// Name is for logs.
	Name() (string, error)
	// MTU is that of the packets, bytes.
	MTU() (int, error)
	// BatchSize is how many packets Read and Write may carry.
	BatchSize() int
	// Read waits for packets on their way into the tunnel. It writes each into buffers[i][offset:] and its size into sizes[i], and
	// answers how many there are: none after a Wake. Only one goroutine reads.
	Read(buffers [][]byte, sizes []int, offset int) (int, error)
	// Wake has the Read under way, or the next one, return at once.
	Wake() error
	// Write takes packets out of the tunnel. They are the caller's again when it returns.
	Write(*Batch) error
	// Close ends reading and writing.
	Close() error
}
