package mss

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
)

// syn is a SYN with TCP options and a right checksum.
func syn(v6 bool, flags byte, options ...byte) []byte {
	tcp := append([]byte{0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, byte(20+len(options)) / 4 << 4, flags, 0xff, 0xff, 0, 0, 0, 0}, options...)
	var raw []byte
	if v6 {
		raw = append([]byte{6 << 4, 0, 0, 0, 0, byte(len(tcp)), packet.TCP, 64}, netip.MustParseAddr("fd00::2").AsSlice()...)
		raw = append(raw, netip.MustParseAddr("fd10::80").AsSlice()...)
	} else {
		raw = []byte{0x45, 0, 0, byte(20 + len(tcp)), 0, 0, 0, 0, 64, packet.TCP, 0, 0, 10, 90, 0, 2, 10, 0, 0, 80}
	}
	at := len(raw)
	raw = append(raw, tcp...)
	binary.BigEndian.PutUint16(raw[at+checksumAt:], ^sum(raw, at))
	return raw
}

// sum is that of a packet with TCP at an offset, and its pseudo-header.
func sum(raw []byte, at int) uint16 {
	addresses := 12
	if at == packet.IPv6Size {
		addresses = 8
	}
	return checksum.Sum(uint32(len(raw)-at)+packet.TCP, raw[addresses:])
}

func TestClamp(t *testing.T) {
	for _, test := range []struct {
		name    string
		v6      bool
		options []byte
		mtu     int
		want    []byte
	}{
		{"IPv4", false, []byte{2, 4, 0x05, 0xb4}, 1280, []byte{2, 4, 0x04, 0xd8}},
		{"IPv6", true, []byte{2, 4, 0x05, 0xa0}, 1280, []byte{2, 4, 0x04, 0xc4}},
		{"small enough", false, []byte{2, 4, 0x04, 0xd8}, 1280, []byte{2, 4, 0x04, 0xd8}},
		{"none", false, nil, 1280, nil},
		{"behind others", true, []byte{1, 3, 3, 7, 2, 4, 0x05, 0xa0}, 1420, []byte{1, 3, 3, 7, 2, 4, 0x05, 0x50}},
		{"at an odd place", false, []byte{1, 2, 4, 0x05, 0xb4, 0, 0, 0}, 1280, []byte{1, 2, 4, 0x04, 0xd8, 0, 0, 0}},
		{"behind the end", false, []byte{0, 0, 0, 0, 2, 4, 0x05, 0xb4}, 1280, []byte{0, 0, 0, 0, 2, 4, 0x05, 0xb4}},
		{"cut short", false, []byte{1, 1, 2, 4}, 1280, []byte{1, 1, 2, 4}},
		{"an option without a length", false, []byte{5, 0, 2, 4}, 1280, []byte{5, 0, 2, 4}},
		{"an option longer than there is", false, []byte{5, 9, 2, 4}, 1280, []byte{5, 9, 2, 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := syn(test.v6, packet.SYN, test.options...)
			var h packet.Header
			packet.Parse(raw, &h)
			Clamp(&h, raw, test.mtu)
			if got := raw[h.TransportAt+tcpSize:]; !bytes.Equal(got, test.want) {
				t.Errorf("options % x", got)
			}
			if sum(raw, h.TransportAt) != checksum.Whole {
				t.Error("the checksum is wrong")
			}
		})
	}
}

func TestClampDoesNotAllocate(t *testing.T) {
	raw := syn(false, packet.SYN, 2, 4, 0x05, 0xb4)
	var h packet.Header
	packet.Parse(raw, &h)
	if n := testing.AllocsPerRun(100, func() { Clamp(&h, raw, 1280) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzClamp(f *testing.F) {
	f.Add(syn(false, packet.SYN, 2, 4, 0x05, 0xb4), 1280)
	f.Add(syn(true, packet.SYN, 1, 2, 4, 0x05, 0xb4, 0, 0), 1300)
	f.Add([]byte("a000\x00\x00\x06000000000000000000000000000000000"), 1329) // no TCP header
	f.Fuzz(func(t *testing.T, raw []byte, mtu int) {
		var h packet.Header
		packet.Parse(raw, &h)
		if !h.Valid || h.Protocol != packet.TCP || h.Fragment || mtu < 1280 || mtu > 1420 {
			return
		}
		before := slices.Clone(raw)
		Clamp(&h, raw, mtu)
		same := min(h.TransportAt+checksumAt, len(before))
		if len(before) != len(raw) || !bytes.Equal(before[:same], raw[:same]) {
			t.Fatal("more than the option has changed")
		}
	})
}
