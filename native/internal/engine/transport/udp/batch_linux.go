package udp

import (
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// batchSize is the number of datagrams per system call. wireguard-go keeps this many 64 KiB buffers per receiver, so a larger
// value costs memory.
const batchSize = 128

// mmsgBatcher uses recvmmsg and sendmmsg, with GSO and GRO where the kernel supports them.
type mmsgBatcher struct {
	*receiver
	udp *net.UDPConn
	v4  *ipv4.PacketConn
	v6  *ipv6.PacketConn
	// flush is writeBatch; tests replace it.
	flush func([]ipv4.Message) (int, error)

	sending sync.Pool // *[]ipv4.Message
	// noGSO disables GSO for this socket.
	noGSO  atomic.Bool
	narrow narrow
	// fragmenting is locked while the socket permits fragments.
	fragmenting sync.Mutex
}

func newBatcher(udp *net.UDPConn, v4 bool) (batcher, error) {
	r, err := newReceiver(udp)
	if err != nil {
		return nil, err
	}
	if err := forbidFragments(udp, v4); err != nil {
		return nil, err
	}
	b := &mmsgBatcher{receiver: r, udp: udp}
	b.flush = b.writeBatch
	b.noGSO.Store(!supportsGSO(udp))
	b.sending.New = func() any {
		messages := newMessages(batchSize)
		return &messages
	}
	if v4 {
		b.v4 = ipv4.NewPacketConn(udp)
	} else {
		b.v6 = ipv6.NewPacketConn(udp)
	}
	return b, nil
}

func newMessages(n int) []ipv4.Message {
	messages := make([]ipv4.Message, n)
	for i := range messages {
		messages[i].Buffers = make([][]byte, 1)
	}
	return messages
}

func (b *mmsgBatcher) write(buffers [][]byte, to netip.AddrPort) error {
	address := net.UDPAddrFromAddrPort(to)
	pooled := b.sending.Get().(*[]ipv4.Message)
	defer b.sending.Put(pooled)
	var failed error
	for len(buffers) > 0 {
		messages := coalesce(*pooled, buffers, b.segmentLimit(to))
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
			// The first unsent message was refused. The segments of a GSO batch are sent again one by one.
			refused, why := buffers[done:done+len(messages[n].Buffers)], refusalOf(err)
			if len(refused) > 1 {
				switch why {
				case refusedByPath:
					b.narrow.add(to, len(refused[0]))
				case refusedByDevice:
					b.noGSO.Store(true)
				}
			}
			switch {
			case why == refusedByPath && len(refused[0]) <= mayFragment:
				refused = beginningThatMayFragment(buffers[done:])
				err = b.writeFragmented(*pooled, refused, address)
			case len(refused) > 1 || why == refusedByPath:
				err = b.writeSingly(refused, address)
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

// writeSingly sends each buffer as one message.
func (b *mmsgBatcher) writeSingly(buffers [][]byte, to *net.UDPAddr) (failed error) {
	for _, buffer := range buffers {
		if err := b.writeOne(buffer, to); err != nil {
			failed = err
		}
	}
	return failed
}

func (b *mmsgBatcher) flushOne(buffer []byte, to *net.UDPAddr) error {
	_, err := b.flush([]ipv4.Message{{Buffers: [][]byte{buffer}, Addr: to}})
	return err
}

// segmentLimit is the size from which on a datagram to this destination is not put into a GSO batch, bytes.
func (b *mmsgBatcher) segmentLimit(to netip.AddrPort) int {
	if b.noGSO.Load() {
		return 0
	}
	if limit := b.narrow.limit(to); limit > 0 {
		return limit
	}
	return math.MaxInt
}

func (b *mmsgBatcher) writeBatch(messages []ipv4.Message) (int, error) {
	if b.v4 != nil {
		return b.v4.WriteBatch(messages, 0)
	}
	return b.v6.WriteBatch(messages, 0)
}
