package datapath

// Device is the end of a path: a network stack in the process, or a network interface of the host.
type Device interface {
	// Name is for logs.
	Name() (string, error)
	// MTU is the largest packet, bytes.
	MTU() (int, error)
	// BatchSize is the maximum number of packets in one Read or Write.
	BatchSize() int
	// Read waits for packets to send into the tunnel. It writes each into buffers[i][offset:] and its size into sizes[i], and
	// returns their number, which is 0 after Wake. Only one goroutine calls it.
	Read(buffers [][]byte, sizes []int, offset int) (int, error)
	// Wake makes the current Read, or the next one, return immediately.
	Wake() error
	// Write takes packets from the tunnel. It must not keep them after it returns.
	Write(*Batch) error
	// Close makes Read and Write fail.
	Close() error
}
