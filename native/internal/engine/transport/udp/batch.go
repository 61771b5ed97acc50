package udp

import "net/netip"

// batcher moves several datagrams at a time, where the system can.
type batcher interface {
	// read fills at least one packet, and says how long each is and who sent it.
	read(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error)
	// write sends each buffer as a datagram of its own. What could not be sent does not keep the rest from being sent.
	write(buffers [][]byte, to netip.AddrPort) error
}
