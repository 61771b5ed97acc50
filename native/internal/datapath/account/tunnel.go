package account

import (
	"net/netip"
	"sync/atomic"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/mtu"
)

// coarse is the resolution of the times, which saves storing them for every batch.
const coarse = 10 * time.Millisecond

// Tunnel counts what a client sends and receives through its tunnel, and the times of the last packets. Probes are not counted.
type Tunnel struct {
	// wake is called once after Arm, at the next outgoing packet.
	wake  func()
	armed atomic.Bool

	probe            atomic.Pointer[netip.Addr]
	rxBytes, txBytes atomic.Uint64
	lastIn, lastOut  moment
	// lastLarge is when a packet larger than the floor of the MTU last came in or went out.
	lastLarge moment
	answered  atomic.Bool
	refused   atomic.Uint64
}

// moment is a coarse time of the last packet. clock.Now costs a system call, so it is read only when `coarse` has passed on Go's
// monotonic clock, which stops during sleep.
type moment struct {
	at     atomic.Int64 // clock.Now(), ns; 0 = never
	readAt atomic.Int64 // since started, ns
}

// started is the origin of moment.readAt.
var started = time.Now()

func (m *moment) touch() {
	if m.at.Load() == 0 || int64(time.Since(started))-m.readAt.Load() >= int64(coarse) {
		m.record()
	}
}

func (m *moment) record() {
	m.at.Store(int64(clock.Now()))
	m.readAt.Store(int64(time.Since(started)))
}

// NewTunnel makes the stage. wake is called on the path's goroutines and must not block.
func NewTunnel(wake func()) *Tunnel {
	t := &Tunnel{wake: wake}
	t.probe.Store(&netip.Addr{})
	return t
}

// SetProbe sets the access point's probe address.
func (t *Tunnel) SetProbe(address netip.Addr) { t.probe.Store(&address) }

// Arm sets whether wake is called at the next outgoing packet.
func (t *Tunnel) Arm(on bool) { t.armed.Store(on) }

// Bytes returns the inner bytes received and sent.
func (t *Tunnel) Bytes() (rx, tx uint64) { return t.rxBytes.Load(), t.txBytes.Load() }

// Last returns when packets were last received and sent, on the clock of clock.Now; 0 = never.
func (t *Tunnel) Last() (in, out time.Duration) {
	return time.Duration(t.lastIn.at.Load()), time.Duration(t.lastOut.at.Load())
}

// LastLarge is when a packet larger than the floor of the MTU last came in or went out, on the clock of clock.Now; 0 = never.
func (t *Tunnel) LastLarge() time.Duration { return time.Duration(t.lastLarge.at.Load()) }

// Answered is true once something behind the access point has sent a packet.
func (t *Tunnel) Answered() bool { return t.answered.Load() }

// Refused returns how many packets the access point, or something behind it, has refused by an ICMP "administratively prohibited".
func (t *Tunnel) Refused() uint64 { return t.refused.Load() }

func isRefusal(p *datapath.Packet) bool {
	if !p.IsICMP() || !p.HasTransport {
		return false
	}
	if p.Version == 6 {
		return p.ICMPType == packet.UnreachableV6 && p.ICMPCode == packet.ProhibitedCodeV6
	}
	return p.ICMPType == packet.Unreachable && p.ICMPCode == packet.ProhibitedCode
}

// isAnswer is false for what an access point also sends on its own: resets and ICMP errors.
func isAnswer(p *datapath.Packet) bool {
	switch {
	case !p.HasTransport:
		return false
	case p.IsICMP():
		return p.Version == 4 && p.ICMPType == packet.EchoReply || p.Version == 6 && p.ICMPType == packet.EchoReplyV6
	case p.Protocol == packet.TCP:
		return p.TCPFlags&packet.RST == 0
	default:
		return p.Protocol == packet.UDP
	}
}

// ToTunnel is the stage for outgoing packets.
func (t *Tunnel) ToTunnel(b *datapath.Batch) {
	bytes, largest, probe := 0, 0, *t.probe.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Dst != probe {
			bytes += len(p.Raw)
			largest = max(largest, len(p.Raw))
		}
	}
	if bytes == 0 {
		return
	}
	if largest > mtu.Floor {
		t.lastLarge.touch()
	}
	t.txBytes.Add(uint64(bytes))
	if t.armed.Load() && t.armed.CompareAndSwap(true, false) {
		t.lastOut.record()
		t.wake()
	} else {
		t.lastOut.touch()
	}
}

// FromTunnel is the stage for incoming packets, after WireGuard has authenticated them.
func (t *Tunnel) FromTunnel(b *datapath.Batch) {
	bytes, largest, probe, answered := 0, 0, *t.probe.Load(), t.answered.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Src != probe {
			if !answered && isAnswer(p) {
				answered = true
				t.answered.Store(true)
			}
			if isRefusal(p) {
				t.refused.Add(1)
			}
			bytes += len(p.Raw)
			largest = max(largest, len(p.Raw))
		}
	}
	if largest > mtu.Floor {
		t.lastLarge.touch()
	}
	if bytes > 0 {
		t.rxBytes.Add(uint64(bytes))
		t.lastIn.touch()
	}
}
