package acl

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// ip wraps a transport payload. fragment is the IPv4 field, or that of IPv6 in the same units; 0 = no fragment.
func ip(protocol byte, fragment uint16, from, to netip.Addr, body []byte) []byte {
	if from.Is4() {
		raw := append([]byte{0x45, 0, 0, 0, 0xab, 0xcd, 0, 0, 64, protocol, 0, 0}, from.AsSlice()...)
		raw = append(append(raw, to.AsSlice()...), body...)
		binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
		binary.BigEndian.PutUint16(raw[6:], fragment)
		return raw
	}
	if fragment != 0 {
		const moreBit = 0x2000
		field := fragment<<3 | (fragment&moreBit)>>13
		body = append([]byte{protocol, 0, byte(field >> 8), byte(field), 0, 0, 0, 9}, body...)
		protocol = 44
	}
	raw := append([]byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), protocol, 64}, from.AsSlice()...)
	return append(append(raw, to.AsSlice()...), body...)
}

func tcp(from, to netip.AddrPort, flags byte) []byte {
	body := make([]byte, 20)
	binary.BigEndian.PutUint16(body, from.Port())
	binary.BigEndian.PutUint16(body[2:], to.Port())
	body[12], body[13] = 5<<4, flags
	return ip(packet.TCP, 0, from.Addr(), to.Addr(), body)
}

func udpBody(from, to uint16) []byte {
	body := make([]byte, 16)
	binary.BigEndian.PutUint16(body, from)
	binary.BigEndian.PutUint16(body[2:], to)
	binary.BigEndian.PutUint16(body[4:], 16)
	return body
}

func udp(from, to netip.AddrPort) []byte {
	return ip(packet.UDP, 0, from.Addr(), to.Addr(), udpBody(from.Port(), to.Port()))
}

// echo returns an ICMP echo message.
func echo(from, to netip.Addr, reply bool, id uint16) []byte {
	kind, protocol := byte(packet.EchoRequest), byte(packet.ICMP)
	if from.Is6() {
		kind, protocol = packet.EchoRequestV6, packet.ICMPv6
	}
	if reply && from.Is6() {
		kind = packet.EchoReplyV6
	} else if reply {
		kind = packet.EchoReply
	}
	return ip(protocol, 0, from, to, []byte{kind, 0, 0, 0, byte(id >> 8), byte(id), 0, 1})
}

// unreachable returns an ICMP error about a packet.
func unreachable(from, to netip.Addr, about []byte) []byte {
	kind, protocol := byte(packet.Unreachable), byte(packet.ICMP)
	if from.Is6() {
		kind, protocol = packet.UnreachableV6, packet.ICMPv6
	}
	return ip(protocol, 0, from, to, append([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, about...))
}

// wire is a client and what passes to and from it.
type wire struct {
	t   *testing.T
	c   Client
	now time.Duration
}

// bound makes a client whose list has been in force since it connected, so long ago that all of its flows are known.
func bound(t *testing.T, list ...published) *wire {
	w := &wire{t: t, now: time.Hour}
	w.c.Begin(compiled(list...), w.now-unknownAge)
	return w
}

func compiled(list ...published) *List {
	var all []rules.Rule
	for _, r := range list {
		all = append(all, r.rule())
	}
	return Compile(all, clients, nil)
}

// set changes the list while the client is connected.
func (w *wire) set(list ...published) { w.c.Set(compiled(list...), w.now) }

func (w *wire) pass(raw []byte, direction rules.Direction) Verdict {
	var h packet.Header
	packet.Parse(raw, &h)
	return w.c.Pass(&h, raw, direction, w.now)
}

func (w *wire) up(what string, raw []byte, want bool) Verdict {
	w.t.Helper()
	v := w.pass(raw, rules.FromClient)
	if v.Allowed != want {
		w.t.Errorf("%s, from the client: %+v", what, v)
	}
	return v
}

func (w *wire) down(what string, raw []byte, want bool) Verdict {
	w.t.Helper()
	v := w.pass(raw, rules.ToClient)
	if v.Allowed != want {
		w.t.Errorf("%s, to the client: %+v", what, v)
	}
	return v
}
