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
