package netstack

import (
	"net/netip"
	"slices"
	"sync/atomic"

	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"

	"sag.software/native/internal/datapath/packet"
)

// pathMTU is the largest packet that the tunnel's path carries, at most the stack's MTU. TCP negotiates its segments by the stack's MTU,
// which is fixed; what is larger than the path's is cut on its way out, so that connections follow when the path changes.
type pathMTU struct {
	all atomic.Int64
	// of is the path's to a destination; nil = that of all. It is set before the link is used.
	of func(netip.Addr) int
}

func (m *pathMTU) set(mtu int) { m.all.Store(int64(mtu)) }

// to is the MTU of the path to the destination in an IP header, bytes.
func (m *pathMTU) to(ip []byte) int {
	mtu := int(m.all.Load())
	if m.of == nil {
		return mtu
	}
	switch {
	case len(ip) >= packet.IPv4Size && ip[0]>>4 == 4:
		mtu = min(mtu, m.of(netip.AddrFrom4([4]byte(ip[16:20]))))
	case len(ip) >= packet.IPv6Size && ip[0]>>4 == 6:
		mtu = min(mtu, m.of(netip.AddrFrom16([16]byte(ip[24:40]))))
	}
	return mtu
}

// SetPathMTU changes the MTU of the path to all destinations, bytes. Before, it is the stack's.
func (s *Stack) SetPathMTU(mtu int) { s.device.link.path.set(mtu) }

// fragment puts the fragments of a packet at the head of the queue. It takes over the packet's reference. The caller holds the lock.
func (l *link) fragment(packet *gstack.PacketBuffer, mtu int) {
	view := packet.ToView()
	raw := slices.Clone(view.AsSlice())
	view.Release()
	packet.DecRef()
	var parts []item
	for _, part := range split(raw, mtu, l.fragmentID.Add(1)) {
		parts = append(parts, item{ready: part})
	}
	l.queue = slices.Insert(l.queue, l.head, parts...)
}
