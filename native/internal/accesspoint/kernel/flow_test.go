package kernel

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/refuse"
)

var (
	inner  = netip.MustParseAddr("10.90.0.2")
	server = netip.MustParseAddr("10.0.0.80")
	inner6 = netip.MustParseAddr("fd00::2")
	host6  = netip.MustParseAddr("fd10::80")
)

// v4 returns a packet with the given fragment field.
func v4(protocol byte, fragment uint16, from, to netip.Addr, body ...byte) []byte {
	raw := append([]byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0}, from.AsSlice()...)
	raw = append(append(raw, to.AsSlice()...), body...)
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	binary.BigEndian.PutUint16(raw[6:], fragment)
	return raw
}

func v6(protocol byte, from, to netip.Addr, body ...byte) []byte {
	raw := append([]byte{0x60, 0, 0, 0, 0, byte(len(body)), protocol, 64}, from.AsSlice()...)
	return append(append(raw, to.AsSlice()...), body...)
}

var ports = []byte{0x10, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0}

// parsed is a packet after parsing and classifying.
type parsed struct {
	flow
	from, to netip.AddrPort
	first    bool
}

func (p parsed) isError() bool { return p.flow.isError }

func parse(raw []byte) (parsed, bool) {
	var h packet.Header
	packet.Parse(raw, &h)
	f, ok := classify(&h, raw)
	return parsed{f, h.Source(), h.Destination(), h.FragmentOffset == 0}, ok
}

func TestParse(t *testing.T) {
	withOptions := v4(packet.UDP, 0, inner, server, append([]byte{1, 1, 1, 1}, ports...)...)
	withOptions[0] = 0x46
	short := v4(packet.TCP, 0, inner, server, ports...)
	short[3]--
	for _, test := range []struct {
		name     string
		raw      []byte
		ok       bool
		protocol policy.Protocol
		to       string
	}{
		{"TCP", v4(packet.TCP, 0, inner, server, ports...), true, policy.TCP, "10.0.0.80:80"},
		{"UDP over IPv6", v6(packet.UDP, inner6, host6, ports...), true, policy.UDP, "[fd10::80]:80"},
		{"echo", v4(packet.ICMP, 0, inner, server, 8, 0, 0, 0, 0, 0, 0, 0), true, policy.Echo, "10.0.0.80:0"},
		{"later fragment", v4(packet.UDP, 100, inner, server, ports...), true, policy.UDP, "10.0.0.80:0"},
		{"first fragment over IPv6", v6(44, inner6, host6, append([]byte{packet.UDP, 0, 0, 1, 0, 0, 0, 9}, ports...)...), true, policy.UDP, "[fd10::80]:80"},
		{"fragment over the ports", v4(packet.TCP, 1, inner, server, ports...), false, "", ""},
		{"first fragment without ports", v4(packet.TCP, 0x2000, inner, server, 1, 2, 3), false, "", ""},
		{"source route", withOptions, false, "", ""},
		{"length that is not true", short, false, "", ""},
		{"redirect", v4(packet.ICMP, 0, inner, server, append([]byte{5, 0, 0, 0, 0, 0, 0, 0}, v4(packet.TCP, 0, server, inner, ports...)...)...), false, "", ""},
		{"router advertisement", v6(packet.ICMPv6, inner6, host6, 134, 0, 0, 0, 0, 0, 0, 0), false, "", ""},
		{"hop-by-hop options", v6(0, inner6, host6, append([]byte{packet.TCP, 0, 0, 0, 0, 0, 0, 0}, ports...)...), false, "", ""},
		{"ICMP of the other version", v4(packet.ICMPv6, 0, inner, server, 128, 0, 0, 0, 0, 0, 0, 0), false, "", ""},
		{"another protocol", v4(47, 0, inner, server, ports...), false, "", ""},
		{"nothing", nil, false, "", ""},
	} {
		p, ok := parse(test.raw)
		if ok != test.ok || ok && (p.protocol != test.protocol || p.to.String() != test.to || p.isError()) {
			t.Errorf("%s: %v %+v", test.name, ok, p)
		}
	}
}

func TestICMPErrorsQuoteAPacket(t *testing.T) {
	about := v4(packet.TCP, 0, inner, server, ports...)
	p, ok := parse(v4(packet.ICMP, 0, server, inner, append([]byte{3, 4, 0, 0, 0, 0, 0, 0}, about...)...))
	if !ok || !p.isError() || p.protocol != policy.TCP || p.quotedFrom.Addr() != inner || p.quotedTo.String() != "10.0.0.80:80" {
		t.Errorf("%v %+v", ok, p)
	}
	if _, ok := parse(v4(packet.ICMP, 0, server, inner, 3, 4, 0, 0, 0, 0, 0, 0, 1, 2, 3)); ok {
		t.Error("an ICMP error without a quoted packet is forwarded")
	}
}

// The ICMP error for a refused packet is a valid packet from the refused packet's destination.
func TestProhibited(t *testing.T) {
	for _, raw := range [][]byte{v4(packet.TCP, 0, inner, server, ports...), v6(packet.TCP, inner6, host6, ports...)} {
		asked, _ := parse(raw)
		reply := refuse.Prohibited(raw, asked.from.Addr(), asked.to.Addr())
		p, ok := parse(reply)
		if !ok || !p.isError() || p.to.Addr() != asked.from.Addr() || p.from.Addr() != asked.to.Addr() || p.quotedTo != asked.to {
			t.Errorf("%v %+v of %x", ok, p, reply)
		}
		if reply[0]>>4 == 4 && (checksum.Sum(0, reply[:packet.IPv4Size]) != checksum.Whole || checksum.Sum(0, reply[packet.IPv4Size:]) != checksum.Whole) {
			t.Errorf("checksums of %x", reply)
		}
		if reply[0]>>4 == 6 && checksum.IPv6(reply, packet.ICMPv6) != checksum.Whole {
			t.Errorf("checksum of %x", reply)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(v4(packet.TCP, 0, inner, server, ports...))
	f.Add(v6(44, inner6, host6, append([]byte{packet.UDP, 0, 0, 1, 0, 0, 0, 9}, ports...)...))
	f.Add(refuse.Prohibited(v4(packet.TCP, 0, inner, server, ports...), inner, server))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, ok := parse(raw); ok && (p.protocol == "" || !p.from.IsValid() && p.first) {
			t.Fatalf("%+v", p)
		}
	})
}
