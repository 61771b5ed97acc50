package caps

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/shape"
)

// memory is the most that the packets of one direction may take, of all clients together, bytes.
const memory = 8 << 20

// line is one direction.
type line struct {
	seed uint64
	// started is the origin of the scheduler's clock.
	started time.Time
	// shaped has the clients with a limit, by inner address.
	shaped atomic.Pointer[map[netip.Addr]*shaped]
	// queued is true if packets are queued. It is read without the lock, so that it costs nothing where nobody has a limit.
	queued atomic.Bool

	mu        sync.Mutex
	scheduler *shape.Scheduler
	// instances has those that exist or had limits, accounts the accounts by instance and group. They are used only with the lock.
	instances map[string]*instance
	accounts  map[accountKey]*shape.Account
	// timer fires when a packet may leave; expected is when, 0 = it is not set.
	timer    *time.Timer
	expected time.Duration
	closed   bool
}

// shaped is a client whose packets are queued.
type shaped struct {
	account  *shape.Account
	instance *instance
}

type accountKey struct{ instance, group string }

// newLine makes a line without limits. fired is called on a goroutine of its own when packets may leave.
func newLine(seed uint64, fired func()) *line {
	l := &line{
		seed: seed, started: time.Now(), scheduler: shape.NewScheduler(memory),
		instances: map[string]*instance{}, accounts: map[accountKey]*shape.Account{},
	}
	l.shaped.Store(&map[netip.Addr]*shaped{})
	l.timer = time.AfterFunc(time.Hour, func() {
		l.mu.Lock()
		l.expected = 0
		l.mu.Unlock()
		fired()
	})
	l.timer.Stop()
	return l
}

// hold takes the packets of clients with a limit out of a batch. client returns the inner address of a packet's client. due means that
// some may leave now.
func (l *line) hold(b *datapath.Batch, client func(*datapath.Packet) netip.Addr) (due bool) {
	f := finder{clients: *l.shaped.Load(), client: client}
	if len(f.clients) == 0 {
		return false
	}
	for p := b.Next(); p != nil; p = b.Next() {
		if f.find(p) != nil {
			return l.holdFrom(b, p, client)
		}
	}
	return false
}

// holdFrom is hold from the first packet of a client with a limit.
func (l *line) holdFrom(b *datapath.Batch, p *datapath.Packet, client func(*datapath.Packet) netip.Addr) (due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// With the lock, so that the limits do not change until the packets are queued.
	f, now := finder{clients: *l.shaped.Load(), client: client}, time.Since(l.started)
	for ; p != nil; p = b.Next() {
		if c := f.find(p); c != nil {
			l.scheduler.Push(now, c.account, f.classify(&p.Header), p.Raw, shape.Classify(&p.Header, p.Raw, l.seed))
			p.Drop()
		}
	}
	return l.arm(now)
}

// finder finds the accounts and classes of packets. It keeps the last ones, because most packets of a batch belong to one flow.
type finder struct {
	clients map[netip.Addr]*shaped
	client  func(*datapath.Packet) netip.Addr
	address netip.Addr
	last    *shaped

	// classified is the packet of this client whose class was found last, nil = none.
	classified *packet.Header
	class      int
}

// find returns nil for packets that are not queued: those of clients without a limit, and of the access point itself.
func (f *finder) find(p *datapath.Packet) *shaped {
	if p.Injected {
		return nil
	}
	if address := f.client(p); address != f.address {
		f.address, f.last, f.classified = address, f.clients[address], nil
	}
	return f.last
}

// classify returns the class of a packet of the client that find has returned.
func (f *finder) classify(h *packet.Header) int {
	if f.classified == nil || !sameFlow(f.classified, h) {
		f.classified, f.class = h, f.last.instance.classifier.Class(h)
	}
	return f.class
}

func sameFlow(a, b *packet.Header) bool {
	return a.SrcPort == b.SrcPort && a.DstPort == b.DstPort && a.Protocol == b.Protocol && a.HasTransport == b.HasTransport &&
		a.Fragment == b.Fragment && a.Dst == b.Dst && a.Src == b.Src
}

// pop appends packets that may leave to a list, up to its capacity.
func (l *line) pop(list []*shape.Packet) []*shape.Packet {
	if !l.queued.Load() {
		return list
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started)
	for len(list) < cap(list) {
		p := l.scheduler.Pop(now)
		if p == nil {
			l.arm(now)
			break
		}
		list = append(list, p)
	}
	return list
}

// arm sets the timer for the next packet. It returns true, and does not set it, if one may leave now. The caller holds the lock.
func (l *line) arm(now time.Duration) (due bool) {
	at, queued := l.scheduler.Next()
	l.queued.Store(queued)
	switch {
	case !queued || l.closed:
		return false
	case at <= now:
		return true
	case l.expected == 0 || at < l.expected:
		l.expected = at
		l.timer.Reset(at - now)
	}
	return false
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.timer.Stop()
}
