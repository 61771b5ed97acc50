package udp

import (
	"net"
	"net/netip"
)

const (
	// trains is how many messages with GRO one system call may bring.
	trains = 32
	// trainSize is the longest message there is, bytes.
	trainSize = 65_535
)

// receiver reads datagrams. Without GRO the kernel writes each into the caller's own buffer. With GRO the messages land in buffers of
// the receiver, since nobody knows before how many datagrams there are in each, and are taken apart from there: what does not fit
// into the caller's buffers waits for the next read.
type receiver struct {
	in *inbox
	// room holds a message with GRO each; nil without GRO.
	room [][]byte
	// receive is in.receive, but for tests.
	receive func(limit int) (int, error)

	// The messages from next to filled have not been taken apart yet; of the first one what is before at has been.
	next, filled, at int
	// segment is the length of the datagrams in the message next, and sender who sent it; only while at > 0.
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
		r.in = newInbox(raw, trains)
		all := make([]byte, trains*trainSize)
		for i := range trains {
			r.room = append(r.room, all[i*trainSize:][:trainSize:trainSize])
			r.in.setBuffer(i, r.room[i])
		}
	} else {
		r.in = newInbox(raw, batchSize)
	}
	r.receive = r.in.receive
	return r, nil
}

func (r *receiver) read(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error) {
	if r.room == nil {
		return r.readSingly(packets, sizes, senders)
	}
	for {
		if n := r.takeApart(packets, sizes, senders); n > 0 {
			return n, nil
		}
		n, err := r.receive(trains)
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

// takeApart copies datagrams of the messages received into packets, in order, and reports how many.
func (r *receiver) takeApart(packets [][]byte, sizes []int, senders []netip.AddrPort) int {
	n := 0
	for r.next < r.filled && n < len(packets) {
		message := r.room[r.next][:r.in.headers[r.next].length]
		if r.at == 0 {
			if r.in.isTruncated(r.next) { // a datagram would be missing its end
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
