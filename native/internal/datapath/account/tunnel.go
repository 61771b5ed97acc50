package account

import (
	"net/netip"
	"sync/atomic"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/datapath"
)

// coarse is how exact the times are: a store for each batch of packets would cost more than exact times are worth.
const coarse = 10 * time.Millisecond

// Tunnel counts what a client sends and gets through its tunnel, and notes when. Probes are not traffic.
type Tunnel struct {
	// wake is called once after Arm, at the next outgoing packet.
	wake  func()
	armed atomic.Bool

	probe            atomic.Pointer[netip.Addr]
	rxBytes, txBytes atomic.Uint64
	lastIn, lastOut  moment
}

// moment is when something was last noted. The clock that runs through sleep costs a system call, so it is asked only when `coarse`
// has passed on the process's own clock, which does not.
type moment struct {
	at    atomic.Int64 // clock.Now(), ns; 0 = never
	asked atomic.Int64 // since started, ns
}

// started is a moment of the process's own clock.
var started = time.Now()

func (m *moment) touch() {
	if m.at.Load() == 0 || int64(time.Since(started))-m.asked.Load() >= int64(coarse) {
		m.note()
	}
}

func (m *moment) note() {
	m.at.Store(int64(clock.Now()))
	m.asked.Store(int64(time.Since(started)))
}

// NewTunnel makes the stage. Wake is called from the path's own goroutines, and must not block.
func NewTunnel(wake func()) *Tunnel {
	t := &Tunnel{wake: wake}
	t.probe.Store(&netip.Addr{})
	return t
}

// SetProbe sets the access point's probe address.
func (t *Tunnel) SetProbe(address netip.Addr) { t.probe.Store(&address) }

// Arm has wake called at the next outgoing packet, or no longer.
func (t *Tunnel) Arm(on bool) { t.armed.Store(on) }

// Bytes are the inner bytes received and sent.
func (t *Tunnel) Bytes() (rx, tx uint64) { return t.rxBytes.Load(), t.txBytes.Load() }

// Last is when something came in and went out, on the clock of clock.Now; 0 = never.
func (t *Tunnel) Last() (in, out time.Duration) {
	return time.Duration(t.lastIn.at.Load()), time.Duration(t.lastOut.at.Load())
}

// ToTunnel is the stage for outgoing packets.
func (t *Tunnel) ToTunnel(b *datapath.Batch) {
	bytes, probe := 0, *t.probe.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Dst != probe {
			bytes += len(p.Raw)
		}
	}
	if bytes == 0 {
		return
	}
	t.txBytes.Add(uint64(bytes))
	if t.armed.Load() && t.armed.CompareAndSwap(true, false) {
		t.lastOut.note()
		t.wake()
	} else {
		t.lastOut.touch()
	}
}

// FromTunnel is the stage for incoming packets, which WireGuard has authenticated.
func (t *Tunnel) FromTunnel(b *datapath.Batch) {
	bytes, probe := 0, *t.probe.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Src != probe {
			bytes += len(p.Raw)
		}
	}
	if bytes > 0 {
		t.rxBytes.Add(uint64(bytes))
		t.lastIn.touch()
	}
}
