package refuse

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
)

// segment of 5 bytes of data with sequence number 1000 and acknowledgement 2000.
func made(from, to netip.AddrPort, flags byte) []byte {
	raw := reset(from, to, 1000, 2000, flags|packet.ACK)
	raw = append(raw, "hello"...)
	if from.Addr().Is4() {
		binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	} else {
		binary.BigEndian.PutUint16(raw[4:], uint16(len(raw)-packet.IPv6Size))
	}
	raw[len(raw)-5-tcpSize+flagsAt] = flags
	return raw
}

func TestResets(t *testing.T) {
	for _, ends := range [][2]string{{"10.90.0.2:40000", "10.0.0.80:80"}, {"[fd00::2]:40000", "[fd10::80]:80"}} {
		a, b := netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1])
		for _, test := range []struct {
			name             string
			build            func(*packet.Header, []byte) []byte
			flags            byte
			from, to         netip.AddrPort
			seq, ack         uint32
			wantACK, nothing bool
		}{
			{"to the sender", ResetSender, packet.ACK, b, a, 2000, 0, false, false},
			{"to the sender of a SYN", ResetSender, packet.SYN, b, a, 0, 1006, true, false},
			{"to the recipient", ResetRecipient, packet.ACK, a, b, 1000, 2000, true, false},
			{"of a reset", ResetSender, packet.RST, a, b, 0, 0, false, true},
			{"in place of a reset", ResetRecipient, packet.RST, a, b, 0, 0, false, true},
		} {
			raw := made(a, b, test.flags)
			var h, got packet.Header
			packet.Parse(raw, &h)
			made := test.build(&h, raw)
			if test.nothing {
				if made != nil {
					t.Errorf("%s: %x", test.name, made)
				}
				continue
			}
			packet.Parse(made, &got)
			if !got.Valid || got.Length != len(made) || got.Source() != test.from || got.Destination() != test.to || got.TCPFlags&packet.RST == 0 {
				t.Fatalf("%s: %+v", test.name, got)
			}
			tcp := got.Payload(made)
			seq, ack := binary.BigEndian.Uint32(tcp[seqAt:]), binary.BigEndian.Uint32(tcp[ackAt:])
			if seq != test.seq || ack != test.ack || got.TCPFlags&packet.ACK != 0 != test.wantACK {
				t.Errorf("%s: seq %d, ack %d, flags %#x", test.name, seq, ack, got.TCPFlags)
			}
			addresses := append(got.Src.AsSlice(), got.Dst.AsSlice()...)
			if sum := checksum.Sum(uint32(checksum.Sum(packet.TCP+tcpSize, addresses)), tcp); sum != checksum.Whole {
				t.Errorf("%s: checksum of %x", test.name, made)
			}
			if got.Version == 4 && checksum.Sum(0, made[:packet.IPv4Size]) != checksum.Whole {
				t.Errorf("%s: checksum of the IP header of %x", test.name, made)
			}
		}
		var h packet.Header
		short := made(a, b, packet.ACK)
		packet.Parse(short[:len(short)-1], &h)
		if ResetSender(&h, short[:len(short)-1]) != nil {
			t.Error("a cut packet is answered")
		}
	}
}
