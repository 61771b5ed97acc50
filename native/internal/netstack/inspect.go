package netstack

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
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
		return header.IPv4ProtocolNumber, true
	case 6:
		l.timeWait.look(h, raw)
		plainUnreachable(h, raw)
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

// plainUnreachable rewrites the ICMPv6 "unreachable" codes that gVisor ignores (prohibited, beyond scope, address, policy,
// reject) to one that it handles, so that a dial fails at once instead of timing out.
func plainUnreachable(h *packet.Header, raw []byte) {
	if !h.IsICMP() || !h.HasTransport || h.Options || h.Fragment || h.ICMPType != packet.UnreachableV6 ||
		h.ICMPCode == uint8(header.ICMPv6NetworkUnreachable) || h.ICMPCode == uint8(header.ICMPv6PortUnreachable) {
		return
	}
	icmp := h.Payload(raw)
	icmp[1] = uint8(header.ICMPv6NetworkUnreachable)
	old := ^binary.BigEndian.Uint16(icmp[2:])
	binary.BigEndian.PutUint16(icmp[2:], ^checksum.Combine(old, ^uint16(h.ICMPCode)))
}
