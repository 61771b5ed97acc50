// Package meter counts inner bytes per client, between WireGuard and the stack.
package meter

import (
	"net/netip"
	"sync/atomic"

	"sag.software/native/internal/engine/probe"
)

// Counter counts the inner bytes of one session.
type Counter struct {
	// Rx is from the client, Tx to it.
	Rx, Tx atomic.Uint64
}

// Meter wraps a device. Probe answers are not counted: they are ours, not the client's.
type Meter struct {
	probe.Device
	own      atomic.Pointer[netip.Addr]
	counters atomic.Pointer[map[netip.Addr]*Counter]
}

var _ probe.Device = (*Meter)(nil)

// New makes a meter without clients.
func New(device probe.Device) *Meter {
	m := &Meter{Device: device}
	m.counters.Store(&map[netip.Addr]*Counter{})
	return m
}

// SetOwn is the access point's probe address, whose answers are not counted.
func (m *Meter) SetOwn(address netip.Addr) { m.own.Store(&address) }

// Assign says whose the addresses are from now on.
func (m *Meter) Assign(counters map[netip.Addr]*Counter) { m.counters.Store(&counters) }

// Write counts what came from clients.
func (m *Meter) Write(buffers [][]byte, offset int) (int, error) {
	counters := *m.counters.Load()
	for _, b := range buffers {
		packet := b[offset:]
		if src, _, ok := addresses(packet); ok {
			if counter := counters[src]; counter != nil {
				counter.Rx.Add(uint64(len(packet)))
			}
		}
	}
	return m.Device.Write(buffers, offset)
}

// Read counts what goes to clients.
func (m *Meter) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	n, err := m.Device.Read(buffers, sizes, offset)
	counters, own := *m.counters.Load(), m.own.Load()
	for i := range n {
		src, dst, ok := addresses(buffers[i][offset : offset+sizes[i]])
		if !ok || own != nil && src == *own {
			continue
		}
		if counter := counters[dst]; counter != nil {
			counter.Tx.Add(uint64(sizes[i]))
		}
	}
	return n, err
}

func addresses(packet []byte) (src, dst netip.Addr, ok bool) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20])), true
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40])), true
	}
	return src, dst, false
}
