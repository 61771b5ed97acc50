package bind

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// batchSize weighs system calls per datagram against memory: wireguard-go keeps this many 64 KiB buffers per receiver.
const batchSize = 64

// many uses recvmmsg and sendmmsg, and hands over whole trains of datagrams where the kernel takes them.
type many struct {
	v4 *ipv4.PacketConn
	v6 *ipv6.PacketConn
	// flush is writeBatch, but for tests.
	flush func([]ipv4.Message) (int, error)

	received []ipv4.Message // only the receiver touches it
	sending  sync.Pool      // *[]ipv4.Message
	// apart: this socket sends each datagram by itself.
	apart atomic.Bool
}

func newBatcher(udp *net.UDPConn, v4 bool) batcher {
	b := &many{received: newMessages(batchSize)}
	b.flush = b.writeBatch
	b.apart.Store(!takesTrains(udp))
	b.sending.New = func() any {
		messages := newMessages(batchSize)
		return &messages
	}
	if v4 {
		b.v4 = ipv4.NewPacketConn(udp)
	} else {
		b.v6 = ipv6.NewPacketConn(udp)
	}
	return b
}

func newMessages(n int) []ipv4.Message {
	messages := make([]ipv4.Message, n)
	for i := range messages {
		messages[i].Buffers = make([][]byte, 1)
	}
	return messages
}

func (b *many) read(packets [][]byte, sizes []int, from func(int, netip.AddrPort)) (int, error) {
	messages := b.received[:min(len(packets), len(b.received))]
	for i := range messages {
		messages[i].Buffers[0] = packets[i]
	}
	n, err := b.readBatch(messages)
	if err != nil {
		return 0, err
	}
	for i := range messages[:n] {
		sizes[i] = messages[i].N
		from(i, messages[i].Addr.(*net.UDPAddr).AddrPort())
	}
	return n, nil
}

func (b *many) readBatch(messages []ipv4.Message) (int, error) {
	if b.v4 != nil {
		return b.v4.ReadBatch(messages, 0)
	}
	return b.v6.ReadBatch(messages, 0)
}

func (b *many) write(buffers [][]byte, to netip.AddrPort) error {
	address := net.UDPAddrFromAddrPort(to)
	pooled := b.sending.Get().(*[]ipv4.Message)
	defer b.sending.Put(pooled)
	var failed error
	for len(buffers) > 0 {
		messages := couple(*pooled, buffers, !b.apart.Load())
		for i := range messages {
			messages[i].Addr = address
		}
		n, err := b.flush(messages)
		n = max(n, 0)
		done := 0
		for _, m := range messages[:n] {
			done += len(m.Buffers)
		}
		if err != nil && n < len(messages) {
			// The first unsent one was refused. Of a train each datagram has a try of its own.
			refused := buffers[done : done+len(messages[n].Buffers)]
			if len(refused) > 1 {
				if isNoTrain(err) {
					b.apart.Store(true)
				}
				err = b.writeApart(refused, address)
			}
			done += len(refused)
		}
		if err != nil {
			failed = err
		}
		buffers = buffers[done:]
	}
	return failed
}

// writeApart sends each buffer as a message of its own.
func (b *many) writeApart(buffers [][]byte, to *net.UDPAddr) (failed error) {
	for _, buffer := range buffers {
		if _, err := b.flush([]ipv4.Message{{Buffers: [][]byte{buffer}, Addr: to}}); err != nil {
			failed = err
		}
	}
	return failed
}

func (b *many) writeBatch(messages []ipv4.Message) (int, error) {
	if b.v4 != nil {
		return b.v4.WriteBatch(messages, 0)
	}
	return b.v6.WriteBatch(messages, 0)
}
