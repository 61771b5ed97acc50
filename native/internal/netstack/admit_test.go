package netstack

import (
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath/packet"
)

// bare builds a packet without valid checksums.
func bare(src, dst string, protocol uint8, payload ...byte) []byte {
	from, to := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	if from.Is4() {
		b := make([]byte, header.IPv4MinimumSize, 200)
		header.IPv4(b).Encode(&header.IPv4Fields{
			TotalLength: uint16(len(b) + len(payload)), TTL: 64, Protocol: protocol, SrcAddr: fromAddr(from), DstAddr: fromAddr(to),
		})
		return append(b, payload...)
	}
	b := make([]byte, header.IPv6MinimumSize, 200)
	header.IPv6(b).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(payload)), TransportProtocol: tcpip.TransportProtocolNumber(protocol), HopLimit: 255,
		SrcAddr: fromAddr(from), DstAddr: fromAddr(to),
	})
	return append(b, payload...)
}

func parsed(raw []byte) *packet.Header {
	var h packet.Header
	packet.Parse(raw, &h)
	return &h
}

func TestAdmit(t *testing.T) {
	const (
		me4, other4, server4 = "10.9.0.2", "10.9.0.3", "10.0.0.80"
		me6, other6, server6 = "fd00::2", "fd00::3", "2001:db8::80"
		tcp, udp             = 6, 17
	)
	ports := []byte{0, 80, 0, 80, 0, 0, 0, 0}
	echo4, echo6 := []byte{8, 0, 0, 0, 0, 1, 0, 1}, []byte{128, 0, 0, 0, 0, 1, 0, 1}
	about := func(kind, code byte, quoted []byte) []byte {
		return append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quoted...)
	}
	fragment := bare(me4, server4, 1, echo4...)
	header.IPv4(fragment).SetFlagsFragmentOffset(header.IPv4FlagMoreFragments, 0)
	for _, test := range []struct {
		name string
		raw  []byte
		want bool
	}{
		{"TCP", bare(me4, server4, tcp, ports...), true},
		{"UDP", bare(me4, server4, udp, ports...), true},
		{"echo", bare(me4, server4, 1, echo4...), true},
		{"a piece of an echo", fragment, false},
		{"another protocol", bare(me4, server4, 47, ports...), false},
		{"unreachable, of what was for the sender", bare(me4, server4, 1, about(3, 3, bare(server4, me4, udp, ports...))...), true},
		{"unreachable, of what was for another", bare(me4, server4, 1, about(3, 3, bare(server4, other4, udp, ports...))...), false},
		{"redirect", bare(me4, server4, 1, about(5, 1, bare(server4, me4, udp, ports...))...), false},
		{"unreachable, cut short", bare(me4, server4, 1, about(3, 3, nil)...), false},
		{"TCP over IPv6", bare(me6, server6, tcp, ports...), true},
		{"echo over IPv6", bare(me6, server6, 58, echo6...), true},
		{"a fragment of UDP", bare(me6, server6, 44, udp, 0, 0, 1, 0, 0, 0, 1, 0), true},
		{"a fragment of ICMPv6", bare(me6, server6, 44, 58, 0, 0, 1, 0, 0, 0, 1, 0), false},
		{"hop-by-hop options", bare(me6, server6, 0, 58, 0, 0, 0, 0, 0, 0, 0), false},
		{"too big, of what was for the sender", bare(me6, server6, 58, about(2, 0, bare(server6, me6, tcp, ports...))...), true},
		{"too big, of what was for another", bare(me6, server6, 58, about(2, 0, bare(server6, other6, tcp, ports...))...), false},
		{"router advertisement", bare(me6, "ff02::1", 58, make([]byte, 16)...), false},
		{"neighbour solicitation", bare(me6, server6, 58, append([]byte{135}, make([]byte, 23)...)...), false},
		{"cut short", bare(me4, server4, tcp, ports...)[:24], false},
		{"no IP at all", []byte{0x10, 0, 0}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := admit(parsed(test.raw), test.raw); got != test.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

// Neither kind of stack receives an ICMP error whose path MTU is too small, however it is wrapped.
func TestSmallPathMTUsAreDropped(t *testing.T) {
	const me4, server4, me6, server6, tcp = "10.9.0.2", "10.0.0.80", "fd00::2", "2001:db8::80", 6
	quoted4, quoted6 := bare(server4, me4, tcp, make([]byte, 8)...), bare(server6, me6, tcp, make([]byte, 8)...)
	needed := func(mtu uint16) []byte {
		return append([]byte{3, 4, 0, 0, 0, 0, byte(mtu >> 8), byte(mtu)}, quoted4...)
	}
	tooBig := func(mtu uint16) []byte {
		return append([]byte{2, 0, 0, 0, 0, 0, byte(mtu >> 8), byte(mtu)}, quoted6...)
	}
	fragment := bare(me4, server4, 1, needed(68)[:8]...)
	header.IPv4(fragment).SetFlagsFragmentOffset(header.IPv4FlagMoreFragments, 0)
	var options []byte
	for range 9 { // more than are parsed
		options = append(options, 60, 0, 1, 4, 0, 0, 0, 0)
	}
	options[len(options)-8] = 58
	for _, test := range []struct {
		name        string
		raw         []byte
		host, point bool
	}{
		{"IPv4, 0", bare(me4, server4, 1, needed(0)...), false, false},
		{"IPv4, 68", bare(me4, server4, 1, needed(68)...), false, false},
		{"IPv4, 575", bare(me4, server4, 1, needed(575)...), false, false},
		{"IPv4, 576", bare(me4, server4, 1, needed(576)...), true, true},
		{"IPv4, in fragments", fragment, false, false},
		{"IPv4, port unreachable", bare(me4, server4, 1, append([]byte{3, 3, 0, 0, 0, 0, 0, 0}, quoted4...)...), true, true},
		{"IPv6, 0", bare(me6, server6, 58, tooBig(0)...), false, false},
		{"IPv6, 1279", bare(me6, server6, 58, tooBig(1279)...), false, false},
		{"IPv6, 1280", bare(me6, server6, 58, tooBig(1280)...), true, true},
		{"IPv6, port unreachable", bare(me6, server6, 58, append([]byte{1, 4, 0, 0, 0, 0, 0, 0}, quoted6...)...), true, true},
		{"IPv6, behind an option", bare(me6, server6, 60, append([]byte{58, 0, 1, 4, 0, 0, 0, 0}, tooBig(0)...)...), false, false},
		{"IPv6, behind many options", bare(me6, server6, 60, append(options, tooBig(0)...)...), false, false},
		{"IPv6, only its options in the first fragment", bare(me6, server6, 44,
			60, 0, 0, 1, 0, 0, 0, 1, 58, 0, 1, 4, 0, 0, 0, 0), false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLink(1280)
			if _, ok := l.inspect(parsed(test.raw), test.raw, nil); ok != test.host {
				t.Errorf("a host's stack: %v", ok)
			}
			if _, ok := l.inspect(parsed(test.raw), test.raw, func(*EchoRequest) {}); ok != test.point {
				t.Errorf("an access point's stack: %v", ok)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(bare("10.9.0.2", "10.0.0.80", 1, 8, 0, 0, 0, 0, 1, 0, 1))
	f.Add(bare("fd00::2", "2001:db8::80", 58, 1, 1, 0, 0, 0, 0, 0, 0))
	l := newLink(1280)
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = l.inspect(parsed(raw), raw, func(r *EchoRequest) {
			_ = r.Payload()
			_ = r.Sequence()
		})
		_, _ = l.inspect(parsed(raw), raw, nil)
	})
}
