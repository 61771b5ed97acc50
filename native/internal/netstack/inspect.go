package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/packet"
)

// inspect checks a received packet before the stack handles it. It returns !ok if the packet is not for the stack.
func (l *link) inspect(h *packet.Header, raw []byte, echo EchoHandler) (protocol tcpip.NetworkProtocolNumber, ok bool) {
	if !h.Valid || lowersMTU(h, raw) || echo != nil && !l.inspectClient(h, raw, echo) {
		return 0, false
	}
	switch h.Version {
	case 4:
		l.timeWait.look(h, raw)
		l.unreachables.look(h, raw)
		return header.IPv4ProtocolNumber, true
	case 6:
		l.timeWait.look(h, raw)
		l.unreachables.look(h, raw)
		return header.IPv6ProtocolNumber, true
	}
	return 0, false
}

// inspectClient is the check of an access point: it drops packets that are not admitted and handles pings outside the
// stack.
func (l *link) inspectClient(h *packet.Header, raw []byte, echo EchoHandler) bool {
	if isPingFragment(h) {
		if whole := l.pings.add(newFragment(h, raw)); whole != nil {
			var all packet.Header
			packet.Parse(whole, &all)
			l.takeEcho(&all, whole, echo)
		}
		return false
	}
	return admit(h, raw) && !l.takeEcho(h, raw, echo)
}
