package caps

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/shape"
)

// memory is the most that the packets of one direction may take, of all clients together, bytes.
const memory = 8 << 20

// line is one direction.
type line struct {
	seed uint64
	// started is the origin of the scheduler's clock.
	started time.Time
	// classes has the clients with a cap, by inner address.
	classes atomic.Pointer[map[netip.Addr]*shape.Class]
	// waiting is true if packets wait. It is read without the lock, so that it costs nothing where nobody has a cap.
	waiting atomic.Bool

	mu   sync.Mutex
	tree *shape.Tree
	// accounts has the classes by group. It is used only by assign.
	accounts map[string]*shape.Class
	// timer fires when a packet may leave; expected is when, 0 = it is not set.
	timer    *time.Timer
	expected time.Duration
	closed   bool
}

// newLine makes a line without caps. fired is called on a goroutine of its own when packets may leave.
func newLine(seed uint64, fired func()) *line {
	l := &line{seed: seed, started: time.Now(), tree: shape.NewTree(memory), accounts: map[string]*shape.Class{}}
	l.classes.Store(&map[netip.Addr]*shape.Class{})
	l.timer = time.AfterFunc(time.Hour, func() {
		l.mu.Lock()
		l.expected = 0
		l.mu.Unlock()
		fired()
	})
	l.timer.Stop()
	return l
}

// hold takes the packets of capped clients out of a batch. client returns the inner address of a packet's client. due means that some may
// leave now.
func (l *line) hold(b *datapath.Batch, client func(*datapath.Packet) netip.Addr) (due bool) {
	f := finder{classes: *l.classes.Load(), client: client}
	if len(f.classes) == 0 {
		return false
	}
	for p := b.Next(); p != nil; p = b.Next() {
		if f.class(p) != nil {
			return l.holdFrom(b, p, &f)
		}
	}
	return false
}

// holdFrom is hold from the first packet of a capped client.
func (l *line) holdFrom(b *datapath.Batch, p *datapath.Packet, f *finder) (due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started)
	for ; p != nil; p = b.Next() {
		if class := f.class(p); class != nil {
			l.tree.Push(now, class, p.Raw, shape.Classify(&p.Header, p.Raw, l.seed))
			p.Drop()
		}
	}
	return l.arm(now)
}

// finder finds the classes of packets. It keeps the last one, because most packets of a batch belong to one client.
type finder struct {
	classes map[netip.Addr]*shape.Class
	client  func(*datapath.Packet) netip.Addr
	address netip.Addr
	last    *shape.Class
}

// class returns nil for packets that are not capped: those of clients without a cap, and of the access point itself.
func (f *finder) class(p *datapath.Packet) *shape.Class {
	if p.Injected {
		return nil
	}
	if address := f.client(p); address != f.address {
		f.address, f.last = address, f.classes[address]
	}
	return f.last
}

// pop appends packets that may leave to a list, up to its capacity.
func (l *line) pop(list []*shape.Held) []*shape.Held {
	if !l.waiting.Load() {
		return list
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started)
	for len(list) < cap(list) {
		p := l.tree.Pop(now)
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
	at, waits := l.tree.Next()
	l.waiting.Store(waits)
	switch {
	case !waits || l.closed:
		return false
	case at <= now:
		return true
	case l.expected == 0 || at < l.expected:
		l.expected = at
		l.timer.Reset(at - now)
	}
	return false
}

// assign sets the clients with a cap. rate returns the one of this direction, bit/s.
func (l *line) assign(clients []Client, rate func(Client) uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started)
	classes, accounts := map[netip.Addr]*shape.Class{}, map[string]*shape.Class{}
	for _, c := range clients {
		if rate(c) == 0 {
			continue
		}
		class := accounts[c.Group]
		if class == nil {
			if class = l.accounts[c.Group]; class == nil {
				class = shape.NewClass(rate(c))
			} else {
				l.tree.SetRate(now, class, rate(c))
			}
			accounts[c.Group] = class
		}
		for _, address := range c.Addresses {
			classes[address] = class
		}
	}
	for group, class := range l.accounts {
		if accounts[group] == nil { // what waits leaves at once
			l.tree.SetRate(now, class, 0)
		}
	}
	l.accounts = accounts
	l.classes.Store(&classes)
	if l.arm(now) {
		l.timer.Reset(0)
	}
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.timer.Stop()
}
