package tunnel

import (
	"net/netip"
	"sync/atomic"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/clock"
)

// coarse is how exact the meter's instants are: asking the time for every batch of packets would cost more than it tells.
const coarse = 10 * time.Millisecond

// meter counts what goes through the tunnel and sees when. Probes are not traffic.
type meter struct {
	tun.Device
	// wake is called once after arm, at the next outgoing packet.
	wake  func()
	armed atomic.Bool

	probe           atomic.Pointer[netip.Addr]
	rxBytes         atomic.Uint64
	txBytes         atomic.Uint64
	lastIn, lastOut atomic.Int64 // clock.Now(), ns; 0 = never
}

func newMeter(device tun.Device, wake func()) *meter {
	return &meter{Device: device, wake: wake}
}

// setProbe tells which address is the access point's own.
func (m *meter) setProbe(a netip.Addr) { m.probe.Store(&a) }

// arm asks for one wake at the next outgoing packet.
func (m *meter) arm(on bool) { m.armed.Store(on) }

// Read takes outgoing packets on their way to WireGuard.
func (m *meter) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	n, err := m.Device.Read(buffers, sizes, offset)
	bytes := 0
	for i := range n {
		if packet := buffers[i][offset : offset+sizes[i]]; !m.isProbe(packet, 24) {
			bytes += len(packet)
		}
	}
	if bytes > 0 {
		m.txBytes.Add(uint64(bytes))
		if m.armed.Load() && m.armed.CompareAndSwap(true, false) {
			m.lastOut.Store(int64(clock.Now()))
			m.wake()
		} else {
			touch(&m.lastOut)
		}
	}
	return n, err
}

// Write takes incoming packets, which WireGuard has authenticated.
func (m *meter) Write(buffers [][]byte, offset int) (int, error) {
	bytes := 0
	for _, buffer := range buffers {
		if packet := buffer[offset:]; !m.isProbe(packet, 8) {
			bytes += len(packet)
		}
	}
	if bytes > 0 {
		m.rxBytes.Add(uint64(bytes))
		touch(&m.lastIn)
	}
	return m.Device.Write(buffers, offset)
}

func touch(at *atomic.Int64) {
	if now := int64(clock.Now()); now-at.Load() >= int64(coarse) {
		at.Store(now)
	}
}

// isProbe says whether a packet's address at that place of an IPv6 header is the access point's own.
func (m *meter) isProbe(packet []byte, at int) bool {
	own := m.probe.Load()
	return own != nil && len(packet) >= 40 && packet[0]>>4 == 6 && netip.AddrFrom16([16]byte(packet[at:at+16])) == *own
}
