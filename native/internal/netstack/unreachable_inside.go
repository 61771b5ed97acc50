package netstack

import (
	"encoding/binary"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/packet"
)

// exchange is what an ICMP error quotes of a packet of this stack.
type exchange struct {
	// protocol is that of IP.
	protocol uint8
	// local is the local port, or the identifier of an echo request.
	local uint16
	// remote has port 0 for echo requests.
	remote netip.AddrPort
}

// unreachables tells pending dials, pings and connected UDP sockets why their packets were not delivered. gVisor reports all "unreachable"
// codes alike to TCP, only "port unreachable" to UDP, and none to pings.
type unreachables struct {
	mu      sync.Mutex
	waiting map[exchange]func(why error)
}

// await calls tell for each ICMP "unreachable" about an exchange, with ErrRefused, ErrUnreachable or ErrProhibited, until forget is called.
// tell is called on WireGuard's receiving goroutine: it must not block.
func (u *unreachables) await(protocol uint8, endpoint tcpip.Endpoint, to netip.AddrPort, tell func(why error)) (forget func()) {
	local, err := endpoint.GetLocalAddress()
	if err != nil || local.Port == 0 {
		return func() {}
	}
	key := exchange{protocol, local.Port, netip.AddrPortFrom(to.Addr().Unmap(), to.Port())}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[exchange]func(error){}
	}
	u.waiting[key] = tell
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.waiting, key)
	}
}

// look reports an ICMP "unreachable" to whoever waits for it, and rewrites its code to one that gVisor handles: "port unreachable" for UDP,
// "network unreachable" for ICMPv6, whose other codes gVisor ignores.
func (u *unreachables) look(h *packet.Header, raw []byte) {
	if !h.IsICMP() || !h.HasTransport || h.Fragment || h.Version == 6 && h.Options || len(h.Payload(raw)) < packet.ICMPSize {
		return
	}
	why := unreachableCause(h)
	if why == nil {
		return
	}
	icmp := h.Payload(raw)
	var quoted packet.Header
	packet.ParseQuoted(icmp[packet.ICMPSize:], &quoted)
	awaited := quoted.Valid && quoted.HasTransport && u.tell(&quoted, icmp[packet.ICMPSize:], why)
	switch {
	case awaited && quoted.Protocol == packet.UDP && h.Version == 4:
		setCode(icmp, uint8(header.ICMPv4PortUnreachable))
	case awaited && quoted.Protocol == packet.UDP:
		setCode(icmp, uint8(header.ICMPv6PortUnreachable))
	case h.Version == 6 && h.ICMPCode != uint8(header.ICMPv6PortUnreachable):
		setCode(icmp, uint8(header.ICMPv6NetworkUnreachable))
	}
}

// tell reports whether somebody waits for errors about the quoted packet.
func (u *unreachables) tell(quoted *packet.Header, raw []byte, why error) bool {
	key := exchange{quoted.Protocol, quoted.SrcPort, quoted.Destination()}
	if quoted.Protocol == packet.ICMP || quoted.Protocol == packet.ICMPv6 {
		const identifierAt = 4
		body := raw[quoted.TransportAt:]
		if len(body) < identifierAt+2 {
			return false
		}
		key.local = binary.BigEndian.Uint16(body[identifierAt:])
	}
	u.mu.Lock()
	tell := u.waiting[key]
	u.mu.Unlock()
	if tell != nil {
		tell(why)
	}
	return tell != nil
}

// unreachableCause returns nil for packets that are no "unreachable".
func unreachableCause(h *packet.Header) error {
	if h.Version == 6 {
		switch {
		case h.ICMPType != packet.UnreachableV6:
			return nil
		case h.ICMPCode == uint8(header.ICMPv6PortUnreachable):
			return ErrRefused
		case h.ICMPCode == packet.ProhibitedCodeV6:
			return ErrProhibited
		}
		return ErrUnreachable
	}
	if h.ICMPType != packet.Unreachable || h.ICMPCode == packet.TooBigCode {
		return nil
	}
	switch header.ICMPv4Code(h.ICMPCode) {
	case header.ICMPv4PortUnreachable:
		return ErrRefused
	case header.ICMPv4NetProhibited, header.ICMPv4HostProhibited, header.ICMPv4AdminProhibited:
		return ErrProhibited
	}
	return ErrUnreachable
}

// setCode changes the code of an ICMP message and corrects its checksum.
func setCode(icmp []byte, code uint8) {
	old := ^binary.BigEndian.Uint16(icmp[2:])
	sum := checksum.Combine(old, ^uint16(icmp[1]))
	icmp[1] = code
	binary.BigEndian.PutUint16(icmp[2:], ^checksum.Combine(sum, uint16(code)))
}
