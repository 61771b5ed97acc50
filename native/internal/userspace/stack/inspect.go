package stack

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// inspect looks at a received packet before the stack does. ok = it is for the stack.
func (l *link) inspect(raw []byte, echo EchoHandler) (protocol tcpip.NetworkProtocolNumber, ok bool) {
	if len(raw) == 0 {
		return 0, false
	}
	if echo != nil && (!admit(raw) || l.takeEcho(raw, echo)) {
		return 0, false
	}
	switch raw[0] >> 4 {
	case 4:
		return header.IPv4ProtocolNumber, true
	case 6:
		plainUnreachable(raw)
		return header.IPv6ProtocolNumber, true
	}
	return 0, false
}

// plainUnreachable makes the ICMPv6 "unreachable" codes that gVisor ignores (prohibited, beyond scope, address, policy,
// reject) the one that it knows, so that a dial ends at once instead of timing out.
func plainUnreachable(raw []byte) {
	const code = header.IPv6MinimumSize + 1
	if len(raw) < header.IPv6MinimumSize+header.ICMPv6DstUnreachableMinimumSize ||
		raw[6] != uint8(header.ICMPv6ProtocolNumber) || raw[header.IPv6MinimumSize] != uint8(header.ICMPv6DstUnreachable) {
		return
	}
	was := raw[code]
	if was == uint8(header.ICMPv6NetworkUnreachable) || was == uint8(header.ICMPv6PortUnreachable) {
		return
	}
	raw[code] = uint8(header.ICMPv6NetworkUnreachable)
	sum := raw[header.IPv6MinimumSize+2:]
	old := ^binary.BigEndian.Uint16(sum)
	binary.BigEndian.PutUint16(sum, ^checksum.Combine(old, ^uint16(was)))
}
