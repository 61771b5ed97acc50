package stack

import (
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// packet builds a bare packet; checksums do not matter here.
func packet(src, dst string, protocol uint8, payload ...byte) []byte {
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
	fragment := packet(me4, server4, 1, echo4...)
	header.IPv4(fragment).SetFlagsFragmentOffset(header.IPv4FlagMoreFragments, 0)
	for _, test := range []struct {
		name string
		raw  []byte
		want bool
	}{
		{"TCP", packet(me4, server4, tcp, ports...), true},
		{"UDP", packet(me4, server4, udp, ports...), true},
		{"echo", packet(me4, server4, 1, echo4...), true},
		{"a piece of an echo", fragment, false},
		{"another protocol", packet(me4, server4, 47, ports...), false},
		{"unreachable, of what was for the sender", packet(me4, server4, 1, about(3, 3, packet(server4, me4, udp, ports...))...), true},
		{"unreachable, of what was for another", packet(me4, server4, 1, about(3, 3, packet(server4, other4, udp, ports...))...), false},
		{"redirect", packet(me4, server4, 1, about(5, 1, packet(server4, me4, udp, ports...))...), false},
		{"unreachable, cut short", packet(me4, server4, 1, about(3, 3, nil)...), false},
		{"TCP over IPv6", packet(me6, server6, tcp, ports...), true},
		{"echo over IPv6", packet(me6, server6, 58, echo6...), true},
		{"a fragment of UDP", packet(me6, server6, 44, udp, 0, 0, 1, 0, 0, 0, 1, 0), true},
		{"a fragment of ICMPv6", packet(me6, server6, 44, 58, 0, 0, 1, 0, 0, 0, 1, 0), false},
		{"hop-by-hop options", packet(me6, server6, 0, 58, 0, 0, 0, 0, 0, 0, 0), false},
		{"too big, of what was for the sender", packet(me6, server6, 58, about(2, 0, packet(server6, me6, tcp, ports...))...), true},
		{"too big, of what was for another", packet(me6, server6, 58, about(2, 0, packet(server6, other6, tcp, ports...))...), false},
		{"router advertisement", packet(me6, "ff02::1", 58, make([]byte, 16)...), false},
		{"neighbour solicitation", packet(me6, server6, 58, append([]byte{135}, make([]byte, 23)...)...), false},
		{"cut short", packet(me4, server4, tcp, ports...)[:24], false},
		{"no IP at all", []byte{0x10, 0, 0}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := admit(test.raw); got != test.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(packet("10.9.0.2", "10.0.0.80", 1, 8, 0, 0, 0, 0, 1, 0, 1))
	f.Add(packet("fd00::2", "2001:db8::80", 58, 1, 1, 0, 0, 0, 0, 0, 0))
	l := newLink(1280)
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = l.inspect(raw, func(r *EchoRequest) {
			_ = r.Payload()
			_ = r.Sequence()
		})
		_, _ = l.inspect(raw, nil)
	})
}
