package packet

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
)

var (
	client4, server4 = netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("10.0.0.80")
	client6, server6 = netip.MustParseAddr("fd00::2"), netip.MustParseAddr("fd10::80")
)

var (
	tcpSYN = []byte{0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, SYN, 0, 0, 0, 0, 0, 0}
	udp    = []byte{0x30, 0x39, 0, 53, 0, 8, 0, 0}
	echo4  = []byte{EchoRequest, 0, 0, 0, 0x12, 0x34, 0, 1}
	echo6  = []byte{EchoRequestV6, 0, 0, 0, 0x12, 0x34, 0, 1}
)

func v4(protocol byte, fragmentField uint16, options []byte, body ...byte) []byte {
	size := IPv4Size + len(options)
	raw := []byte{4<<4 | byte(size/4), 0, 0, 0, 0xab, 0xcd, 0, 0, 64, protocol, 0, 0}
	raw = append(append(raw, client4.AsSlice()...), server4.AsSlice()...)
	raw = append(append(raw, options...), body...)
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	binary.BigEndian.PutUint16(raw[6:], fragmentField)
	return raw
}

func v6(next byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	raw := []byte{6 << 4, 0, 0, 0, 0, 0, next, 64}
	raw = append(append(raw, client6.AsSlice()...), server6.AsSlice()...)
	binary.BigEndian.PutUint16(raw[4:], uint16(len(body)))
	return append(raw, body...)
}

func extension(next, length byte) []byte {
	return append([]byte{next, length}, make([]byte, 6+8*int(length))...)
}

func fragmentHeader(next byte, bits uint16) []byte {
	return []byte{next, 0, byte(bits >> 8), byte(bits), 0xde, 0xad, 0xbe, 0xef}
}

func with(raw []byte, at int, value byte) []byte {
	raw = slices.Clone(raw)
	raw[at] = value
	return raw
}

func TestParse(t *testing.T) {
	ends4 := func(h Header) Header {
		h.Src, h.Dst, h.Version, h.Valid = client4, server4, 4, true
		if h.TransportAt == 0 {
			h.TransportAt = IPv4Size
		}
		return h
	}
	ends6 := func(h Header) Header {
		h.Src, h.Dst, h.Version, h.Valid = client6, server6, 6, true
		if h.TransportAt == 0 {
			h.TransportAt = IPv6Size
		}
		return h
	}
	invalid4 := Header{Src: client4, Dst: server4, Version: 4}
	invalid6 := func(h Header) Header {
		h.Src, h.Dst, h.Version = client6, server6, 6
		return h
	}
	for _, test := range []struct {
		name string
		raw  []byte
		want Header
	}{
		{"nothing", nil, Header{}},
		{"neither version", []byte{0x10, 0, 0}, Header{}},
		{"version 4, and no more", []byte{0x45}, Header{Version: 4}},
		{"version 6, and no more", []byte{0x60}, Header{Version: 6}},
		{"TCP", v4(TCP, 0, nil, tcpSYN...), ends4(Header{Protocol: TCP, SrcPort: 12345, DstPort: 80, TCPFlags: SYN, HasTransport: true, Length: 40})},
		{"UDP", v4(UDP, 0x4000, nil, udp...), ends4(Header{Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Length: 28})},
		{"ICMP", v4(ICMP, 0, nil, echo4...), ends4(Header{Protocol: ICMP, ICMPType: EchoRequest, EchoID: 0x1234, HasTransport: true, Length: 28})},
		{"ICMP of the other version", v4(ICMPv6, 0, nil, echo6...), ends4(Header{Protocol: ICMPv6, HasTransport: true, Length: 28})},
		{"another protocol", v4(47, 0, nil, udp...), ends4(Header{Protocol: 47, HasTransport: true, Length: 28})},
		{"options", v4(UDP, 0, []byte{7, 4, 4, 0}, udp...), ends4(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Options: true, Length: 32, TransportAt: 24,
		})},
		{"half a UDP header", v4(UDP, 0, nil, udp[:7]...), ends4(Header{Protocol: UDP, Length: 27})},
		{"TCP's first eight bytes", v4(TCP, 0, nil, tcpSYN[:8]...), ends4(Header{Protocol: TCP, SrcPort: 12345, DstPort: 80, HasTransport: true, Length: 28})},
		{"no transport at all", v4(TCP, 0, nil), ends4(Header{Protocol: TCP, Length: 20})},
		{"first fragment", v4(UDP, 0x2000, nil, udp...), ends4(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Fragment: true, MoreFragments: true, FragmentID: 0xabcd, Length: 28,
		})},
		{"later fragment", v4(UDP, 0x2003, nil, udp...), ends4(Header{
			Protocol: UDP, Fragment: true, MoreFragments: true, FragmentID: 0xabcd, FragmentOffset: 24, Length: 28,
		})},
		{"last fragment", v4(UDP, 0x1fff, nil, udp...), ends4(Header{
			Protocol: UDP, Fragment: true, FragmentID: 0xabcd, FragmentOffset: 65528, Length: 28,
		})},
		{"something behind the packet", append(v4(UDP, 0, nil, udp...), 1, 2, 3), ends4(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Length: 28,
		})},
		{"cut short", v4(UDP, 0, nil, udp...)[:27], invalid4},
		{"a header of 16 bytes", with(v4(UDP, 0, nil, udp...), 0, 0x44), invalid4},
		{"a header longer than the packet", with(v4(UDP, 0, nil), 0, 0x46), invalid4},
		{"a length within the header", with(v4(UDP, 0, nil, udp...), 3, 19), invalid4},

		{"TCP over IPv6", v6(TCP, tcpSYN), ends6(Header{Protocol: TCP, SrcPort: 12345, DstPort: 80, TCPFlags: SYN, HasTransport: true, Length: 60})},
		{"ICMPv6", v6(ICMPv6, echo6), ends6(Header{Protocol: ICMPv6, ICMPType: EchoRequestV6, EchoID: 0x1234, HasTransport: true, Length: 48})},
		{"ICMPv4 in IPv6", v6(ICMP, echo4), ends6(Header{Protocol: ICMP, HasTransport: true, Length: 48})},
		{"no next header", v6(59), ends6(Header{Protocol: 59, Length: 40})},
		{"extension headers", v6(hopByHop, extension(routing, 1), extension(destinationOptions, 0), extension(UDP, 0), udp), ends6(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Options: true, Length: 80, TransportAt: 72,
		})},
		{"authentication header", v6(authentication, append([]byte{UDP, 4}, make([]byte, 22)...), udp), ends6(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Options: true, Length: 72, TransportAt: 64,
		})},
		{"first fragment over IPv6", v6(fragment, fragmentHeader(UDP, 1), udp), ends6(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Fragment: true, MoreFragments: true, FragmentID: 0xdeadbeef,
			Length: 56, TransportAt: 48,
		})},
		{"atomic fragment", v6(fragment, fragmentHeader(UDP, 0), udp), ends6(Header{
			Protocol: UDP, SrcPort: 12345, DstPort: 53, HasTransport: true, Fragment: true, FragmentID: 0xdeadbeef, Length: 56, TransportAt: 48,
		})},
		{"later fragment over IPv6", v6(fragment, fragmentHeader(UDP, 8), udp), ends6(Header{
			Protocol: UDP, Fragment: true, FragmentID: 0xdeadbeef, FragmentOffset: 8, Length: 56, TransportAt: 48,
		})},
		{"later fragment of extension headers", v6(fragment, fragmentHeader(destinationOptions, 16), udp), ends6(Header{
			Protocol: destinationOptions, Fragment: true, FragmentID: 0xdeadbeef, FragmentOffset: 16, Length: 56, TransportAt: 48,
		})},
		{"options within a first fragment", v6(fragment, fragmentHeader(destinationOptions, 1), extension(TCP, 0), tcpSYN), ends6(Header{
			Protocol: TCP, SrcPort: 12345, DstPort: 80, TCPFlags: SYN, HasTransport: true, Options: true, Fragment: true, MoreFragments: true,
			FragmentID: 0xdeadbeef, Length: 76, TransportAt: 56,
		})},
		{"a fragment of a fragment", v6(fragment, fragmentHeader(fragment, 0), fragmentHeader(UDP, 0), udp), invalid6(Header{
			Protocol: fragment, Fragment: true, FragmentID: 0xdeadbeef, Length: 64, TransportAt: 48,
		})},
		{"an extension header that is cut short", v6(hopByHop, []byte{UDP, 0, 0}), invalid6(Header{Length: 43, TransportAt: 40})},
		{"an extension header longer than the packet", v6(hopByHop, with(extension(UDP, 0), 1, 9), udp), invalid6(Header{
			Options: true, Length: 56, TransportAt: 40,
		})},
		{"a fragment header that is cut short", v6(fragment, fragmentHeader(UDP, 0)[:7]), invalid6(Header{Protocol: fragment, Length: 47, TransportAt: 40})},
		{"too many extension headers", v6(destinationOptions, slices.Repeat(extension(destinationOptions, 0), 20)), invalid6(Header{
			Protocol: destinationOptions, Options: true, Length: 200, TransportAt: 104,
		})},
		{"IPv6 cut short", v6(UDP, udp)[:47], invalid6(Header{})},
	} {
		h := Header{Valid: true, FragmentOffset: 99, TCPFlags: 0xff} // previous content must not matter
		Parse(test.raw, &h)
		if h != test.want {
			t.Errorf("%s:\n got %+v\nwant %+v", test.name, h, test.want)
		}
	}
}

func TestParseQuoted(t *testing.T) {
	for _, test := range []struct {
		name  string
		raw   []byte
		valid bool
		ports bool
		to    string
	}{
		{"TCP and eight bytes", v4(TCP, 0, nil, tcpSYN...)[:28], true, true, "10.0.0.80:80"},
		{"four bytes", v6(UDP, udp)[:44], true, true, "[fd10::80]:53"},
		{"the header only", v4(TCP, 0, nil, tcpSYN...)[:20], true, false, "10.0.0.80:0"},
		{"options", v4(UDP, 0, []byte{7, 4, 4, 0}, udp...), true, true, "10.0.0.80:53"},
		{"half a header", v4(TCP, 0, nil, tcpSYN...)[:19], false, false, "invalid AddrPort"},
		{"options that are not there", with(v4(UDP, 0, nil), 0, 0x4f), false, false, "invalid AddrPort"},
		{"nothing", nil, false, false, "invalid AddrPort"},
	} {
		var h Header
		ParseQuoted(test.raw, &h)
		if h.Valid != test.valid || h.HasTransport != test.ports || h.Destination().String() != test.to {
			t.Errorf("%s: %+v", test.name, h)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	raw, six := v4(TCP, 0, nil, tcpSYN...), v6(hopByHop, extension(UDP, 0), udp)
	var h Header
	if n := testing.AllocsPerRun(1000, func() { Parse(raw, &h); Parse(six, &h); ParseQuoted(raw, &h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(v4(TCP, 0, nil, tcpSYN...))
	f.Add(v4(UDP, 0x2003, []byte{7, 4, 4, 0}, udp...))
	f.Add(v6(hopByHop, extension(fragment, 0), fragmentHeader(UDP, 1), udp))
	f.Add(v6(fragment, fragmentHeader(destinationOptions, 1), extension(TCP, 0), tcpSYN))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var h Header
		Parse(raw, &h)
		if !h.Valid {
			return
		}
		if h.Length > len(raw) || h.TransportAt > h.Length || h.TransportAt < IPv4Size || !h.Src.IsValid() || !h.Dst.IsValid() {
			t.Fatalf("%+v of %d bytes", h, len(raw))
		}
		if h.HasTransport && (h.FragmentOffset != 0 || len(h.Payload(raw)) < transportSize) {
			t.Fatalf("a transport header in %+v", h)
		}
		if (h.FragmentOffset != 0 || h.MoreFragments) && !h.Fragment {
			t.Fatalf("%+v is no fragment", h)
		}
		var again Header
		if Parse(raw[:h.Length], &again); again != h {
			t.Fatalf("what is behind the packet counts: %+v, %+v", h, again)
		}
		ParseQuoted(h.Payload(raw), &again)
	})
}

func BenchmarkParse(b *testing.B) {
	for name, raw := range map[string][]byte{"v4": v4(TCP, 0, nil, tcpSYN...), "v6": v6(TCP, tcpSYN)} {
		b.Run(name, func(b *testing.B) {
			var h Header
			for b.Loop() {
				Parse(raw, &h)
			}
		})
	}
}
