package checksum

import (
	"encoding/binary"
	"testing"
)

func TestSum(t *testing.T) {
	for _, c := range []struct {
		name   string
		before uint32
		bytes  []byte
		want   uint16
	}{
		{"RFC 1071, section 3", 0, []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}, 0xddf2},
		{"an odd byte is the upper half of a word", 0, []byte{0x12, 0x34, 0x56}, 0x6834},
		{"nothing", 0, nil, 0},
		{"added to a sum, with two carries", 0x1ffff, []byte{0xff, 0xff}, 0x0001},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Sum(c.before, c.bytes); got != c.want {
				t.Errorf("%#04x, want %#04x", got, c.want)
			}
		})
	}
}

func TestPacketWithChecksumIsWhole(t *testing.T) {
	const icmpv6, at = 58, 42
	for _, size := range []int{48, 49, 1280} {
		packet := make([]byte, size)
		for i := range packet {
			packet[i] = byte(i * 7)
		}
		packet[at], packet[at+1] = 0, 0
		binary.BigEndian.PutUint16(packet[at:], ^IPv6(packet, icmpv6))
		if IPv6(packet, icmpv6) != Whole {
			t.Errorf("%d bytes: %#04x", size, IPv6(packet, icmpv6))
		}
		packet[size-1]++
		if IPv6(packet, icmpv6) == Whole {
			t.Errorf("%d bytes: a changed byte was not detected", size)
		}
	}
}
