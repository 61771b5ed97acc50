package netstack

import (
	"os"
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/stack/gro"

	"sag.software/native/internal/datapath"
)

const (
	// queueLimit bounds the packets that wait to be read (a large one counts once). The stack's senders block when the
	// queue is full.
	queueLimit = 256
	// segmentLimit is the largest packet that TCP sends in one piece, bytes. It is split into MTU-sized packets while
	// reading.
	segmentLimit = 20 << 10
)

// link implements gVisor's LinkEndpoint: a queue for outgoing packets and a dispatcher for received ones.
type link struct {
	mtu        atomic.Uint32
	path       pathMTU
	dispatcher atomic.Pointer[dispatcher]
	coalescers sync.Pool // *gro.GRO
	timeWait   timeWait
	pings      pings
	fragmentID atomic.Uint32
	// unreachables are of the stack's own packets.
	unreachables unreachables

	mu       sync.Mutex
	readable sync.Cond
	writable sync.Cond
	queue    []item
	head     int // first unread item of queue
	cutting  segmenter
	woken    bool // makes read return without waiting
	isClosed atomic.Bool
}

// item is either a packet of the stack or an injected one.
type item struct {
	packet *gstack.PacketBuffer
	ready  []byte
}

// dispatcher wraps the interface, because an atomic.Pointer needs a concrete type.
type dispatcher struct{ gstack.NetworkDispatcher }

var (
	_ gstack.LinkEndpoint = (*link)(nil)
	_ gstack.GSOEndpoint  = (*link)(nil)
)

func newLink(mtu int) *link {
	l := &link{}
	l.mtu.Store(uint32(mtu))
	l.path.set(mtu)
	l.readable.L, l.writable.L = &l.mu, &l.mu
	l.coalescers.New = func() any {
		g := &gro.GRO{}
		g.Init(true)
		return g
	}
	return l
}

// WritePackets implements stack.LinkEndpoint. It blocks while the queue is full, because a drop here would look like
// congestion to TCP. It cannot deadlock, because wireguard-go's reader never waits for the stack.
func (l *link) WritePackets(packets gstack.PacketBufferList) (int, tcpip.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, packet := range packets.AsSlice() {
		if l.timeWait.silences(packet) {
			continue
		}
		for len(l.queue)-l.head >= queueLimit && !l.closed() {
			l.writable.Wait()
		}
		if l.closed() {
			return n, &tcpip.ErrClosedForSend{}
		}
		l.queue = append(l.queue, item{packet: packet.Clone()})
		l.readable.Signal()
	}
	return packets.Len(), nil
}

func (l *link) inject(packet []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed() {
		return os.ErrClosed
	}
	if len(l.queue)-l.head >= 2*queueLimit {
		return ErrQueueFull
	}
	l.queue = append(l.queue, item{ready: packet})
	l.readable.Signal()
	return nil
}

// injectWhole queues a packet, fragmented if it exceeds the MTU of the path to its destination.
func (l *link) injectWhole(packet []byte) error {
	for _, part := range split(packet, l.path.to(packet), l.fragmentID.Add(1)) {
		if err := l.inject(part); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) read(buffers [][]byte, sizes []int, offset int) (int, error) {
	l.mu.Lock()
	for l.head == len(l.queue) && !l.cutting.more() && !l.woken && !l.closed() {
		l.readable.Wait()
	}
	l.woken = false
	if l.closed() {
		l.mu.Unlock()
		return 0, os.ErrClosed
	}
	n := 0
	for n < len(buffers) {
		if l.cutting.more() {
			sizes[n] = l.cutting.next(buffers[n][offset:])
			n++
			continue
		}
		if l.head == len(l.queue) {
			break
		}
		next := l.queue[l.head]
		l.queue[l.head] = item{}
		l.head++
		if next.packet == nil {
			sizes[n] = copy(buffers[n][offset:], next.ready)
			n++
			continue
		}
		mtu := l.path.to(next.packet.NetworkHeader().Slice())
		if !isCut(next.packet) && next.packet.Size() > mtu {
			l.fragment(next.packet, mtu)
			continue
		}
		l.cutting.start(next.packet, mtu)
	}
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
	l.writable.Broadcast()
	l.mu.Unlock()
	return n, nil
}

// wake makes the current read, or the next one, return.
func (l *link) wake() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed() {
		return os.ErrClosed
	}
	l.woken = true
	l.readable.Signal()
	return nil
}

// deliver passes received packets to the stack. Segments of one TCP flow are coalesced, because the stack's cost is per
// packet.
func (l *link) deliver(b *datapath.Batch, echo EchoHandler) {
	up := l.dispatcher.Load()
	if up == nil {
		return
	}
	var coalescing *gro.GRO
	if b.Len() > 1 {
		coalescing = l.coalescers.Get().(*gro.GRO)
		coalescing.Dispatcher = up
		defer func() {
			coalescing.Flush()
			coalescing.Dispatcher = nil
			l.coalescers.Put(coalescing)
		}()
	}
	for p := b.Next(); p != nil; p = b.Next() {
		protocol, ok := l.inspect(&p.Header, p.Raw, echo)
		if !ok {
			continue
		}
		received := gstack.NewPacketBuffer(gstack.PacketBufferOptions{Payload: buffer.MakeWithData(p.Raw)})
		received.NetworkProtocolNumber = protocol
		received.RXChecksumValidated = true // WireGuard has authenticated the whole packet
		if coalescing != nil {
			coalescing.Enqueue(received)
		} else {
			up.DeliverNetworkPacket(protocol, received)
		}
		received.DecRef()
	}
}

func (l *link) closed() bool { return l.isClosed.Load() }

// shut closes the link.
func (l *link) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed.Swap(true) {
		return
	}
	for _, waiting := range l.queue[l.head:] {
		if waiting.packet != nil {
			waiting.packet.DecRef()
		}
	}
	l.queue, l.head = nil, 0
	l.cutting.stop()
	l.readable.Broadcast()
	l.writable.Broadcast()
}

// Attach implements stack.LinkEndpoint.
func (l *link) Attach(d gstack.NetworkDispatcher) {
	if d == nil {
		l.dispatcher.Store(nil)
		return
	}
	l.dispatcher.Store(&dispatcher{d})
}

// The rest of stack.LinkEndpoint: a link without header, address or address resolution.

func (l *link) IsAttached() bool                      { return l.dispatcher.Load() != nil }
func (l *link) MTU() uint32                           { return l.mtu.Load() }
func (l *link) SetMTU(mtu uint32)                     { l.mtu.Store(mtu) }
func (*link) MaxHeaderLength() uint16                 { return 0 }
func (*link) LinkAddress() tcpip.LinkAddress          { return "" }
func (*link) SetLinkAddress(tcpip.LinkAddress)        {}
func (*link) Wait()                                   {}
func (*link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }
func (*link) AddHeader(*gstack.PacketBuffer)          {}
func (*link) ParseHeader(*gstack.PacketBuffer) bool   { return true }
func (*link) SetOnCloseAction(func())                 {}
func (l *link) Close()                                {}
func (*link) Capabilities() gstack.LinkEndpointCapabilities {
	return gstack.CapabilityRXChecksumOffload
}

// GSOMaxSize and SupportedGSO make TCP send large packets; gVisor's "host" GSO is done by segmenter.
func (*link) GSOMaxSize() uint32                { return segmentLimit }
func (*link) SupportedGSO() gstack.SupportedGSO { return gstack.HostGSOSupported }
