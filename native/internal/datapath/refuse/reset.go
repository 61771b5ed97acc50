package refuse

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
)

const (
	tcpSize    = 20 // without options
	hopLimit   = 64
	seqAt      = 4
	ackAt      = 8
	offsetAt   = 12
	flagsAt    = 13
	checksumAt = 16
)

// ResetSender returns a reset in answer to a TCP packet, as its recipient would send it (RFC 9293, section 3.10.7.1). Nil = the packet
// must not or cannot be answered.
func ResetSender(h *packet.Header, raw []byte) []byte {
	tcp, ok := segment(h, raw)
	if !ok {
		return nil
	}
	seq, ack, flags := uint32(0), uint32(0), byte(packet.RST)
	if h.TCPFlags&packet.ACK != 0 {
		seq = binary.BigEndian.Uint32(tcp[ackAt:])
	} else {
		flags |= packet.ACK
		ack = binary.BigEndian.Uint32(tcp[seqAt:]) + length(h, tcp)
	}
	return reset(netip.AddrPortFrom(h.Dst, h.DstPort), netip.AddrPortFrom(h.Src, h.SrcPort), seq, ack, flags)
}

// ResetRecipient returns a reset in place of a TCP packet, as its sender would send it. Nil = the packet is a reset itself, or not
// complete.
func ResetRecipient(h *packet.Header, raw []byte) []byte {
	tcp, ok := segment(h, raw)
	if !ok {
		return nil
	}
	return reset(h.Source(), h.Destination(), binary.BigEndian.Uint32(tcp[seqAt:]), binary.BigEndian.Uint32(tcp[ackAt:]),
		packet.RST|h.TCPFlags&packet.ACK)
}

func segment(h *packet.Header, raw []byte) ([]byte, bool) {
	if !h.Valid || h.Protocol != packet.TCP || !h.HasTransport || h.TCPFlags&packet.RST != 0 {
		return nil, false
	}
	tcp := h.Payload(raw)
	return tcp, len(tcp) >= tcpSize
}

// length is how far a segment advances the sequence number.
func length(h *packet.Header, tcp []byte) uint32 {
	n := uint32(max(0, len(tcp)-int(tcp[offsetAt]>>4)*4))
	for _, flag := range []byte{packet.SYN, packet.FIN} {
		if h.TCPFlags&flag != 0 {
			n++
		}
	}
	return n
}

func reset(from, to netip.AddrPort, seq, ack uint32, flags byte) []byte {
	tcp := make([]byte, tcpSize)
	binary.BigEndian.PutUint16(tcp, from.Port())
	binary.BigEndian.PutUint16(tcp[2:], to.Port())
	binary.BigEndian.PutUint32(tcp[seqAt:], seq)
	if flags&packet.ACK != 0 {
		binary.BigEndian.PutUint32(tcp[ackAt:], ack)
	}
	tcp[offsetAt], tcp[flagsAt] = tcpSize/4<<4, flags
	addresses := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
	pseudo := checksum.Sum(packet.TCP+tcpSize, addresses)
	binary.BigEndian.PutUint16(tcp[checksumAt:], ^checksum.Sum(uint32(pseudo), tcp))
	if from.Addr().Is4() {
		ip := append([]byte{4<<4 | packet.IPv4Size/4, 0, 0, packet.IPv4Size + tcpSize, 0, 0, 0, 0, hopLimit, packet.TCP, 0, 0}, addresses...)
		binary.BigEndian.PutUint16(ip[10:], ^checksum.Sum(0, ip))
		return append(ip, tcp...)
	}
	return append(append([]byte{6 << 4, 0, 0, 0, 0, tcpSize, packet.TCP, hopLimit}, addresses...), tcp...)
}
