package udp

import (
	"net"
	"net/netip"
)

const (
	// maxMessages is the maximum number of GRO messages per system call.
	maxMessages = 32
	// maxMessageSize is the maximum size of a message, bytes.
	maxMessageSize = 65_535
)

// receiver reads datagrams. Without GRO the kernel writes each datagram into the caller's buffer. With GRO a message contains an
// unknown number of datagrams, so messages are read into buffers of the receiver and split from there. Datagrams that do not fit
// into the caller's buffers are returned by the next read.
type receiver struct {
	in *inbox
	// buffers are the buffers for GRO messages; nil without GRO.
	buffers [][]byte
	// receive is in.receive; tests replace it.
	receive func(limit int) (int, error)

	// The messages from next to filled have not been split yet; the first of them has been split up to at.
	next, filled, at int
	// segment is the datagram size of message next, and sender its sender; only valid while at > 0.
	segment int
	sender  netip.AddrPort
}

func newReceiver(udp *net.UDPConn) (*receiver, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	r := &receiver{}
	if enableGRO(udp) {
		r.in = newInbox(raw, maxMessages)
		all := make([]byte, maxMessages*maxMessageSize)
		for i := range maxMessages {
			r.buffers = append(r.buffers, all[i*maxMessageSize:][:maxMessageSize:maxMessageSize])
			r.in.setBuffer(i, r.buffers[i])
		}
	} else {
		r.in = newInbox(raw, batchSize)
	}
	r.receive = r.in.receive
	return r, nil
}

func (r *receiver) read(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error) {
	if r.buffers == nil {
		return r.readSingly(packets, sizes, senders)
	}
	for {
		if n := r.split(packets, sizes, senders); n > 0 {
			return n, nil
		}
		n, err := r.receive(maxMessages)
		if err != nil {
			return 0, err
		}
		r.next, r.filled = 0, n
	}
}

func (r *receiver) readSingly(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error) {
	packets = packets[:min(len(packets), len(r.in.headers))]
	for i, packet := range packets {
		r.in.setBuffer(i, packet)
	}
	n, err := r.receive(len(packets))
	if err != nil {
		return 0, err
	}
	for i := range n {
		sizes[i], senders[i] = int(r.in.headers[i].length), r.in.sender(i)
	}
	return n, nil
}

// split copies datagrams from the received messages into packets, in order, and returns their number.
func (r *receiver) split(packets [][]byte, sizes []int, senders []netip.AddrPort) int {
	n := 0
	for r.next < r.filled && n < len(packets) {
		message := r.buffers[r.next][:r.in.headers[r.next].length]
		if r.at == 0 {
			if r.in.isTruncated(r.next) { // its last datagram is incomplete
				r.next++
				continue
			}
			r.sender, r.segment = r.in.sender(r.next), segmentSize(r.in.control(r.next))
			if r.segment <= 0 {
				r.segment = len(message)
			}
		}
		for n < len(packets) {
			end := min(r.at+r.segment, len(message))
			sizes[n], senders[n] = copy(packets[n], message[r.at:end]), r.sender
			n++
			if r.at = end; r.at == len(message) {
				r.next, r.at = r.next+1, 0
				break
			}
		}
	}
	return n
}
