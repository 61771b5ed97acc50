package udp

import "net/netip"

// batcher reads and writes several datagrams per system call where the system supports it.
type batcher interface {
	// read fills at least one packet, and sets its size and sender.
	read(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error)
	// write sends each buffer as a datagram. After an error it still sends the rest.
	write(buffers [][]byte, to netip.AddrPort) error
}
