package probe

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
)

// Port is the source and destination UDP port of a probe.
const Port = 7

const (
	udpHeaderSize = 8
	hopLimit      = 64
)

// Packet returns an IPv6 packet with the message, padded with zeros to a size, bytes; 0 = no padding.
func Packet(src, dst netip.Addr, m Message, size int) []byte {
	length := max(Size, size-packet.IPv6Size-udpHeaderSize)
	payload := m.Append(make([]byte, 0, length))[:length]
	raw := ipv6Header(src, dst, packet.UDP, udpHeaderSize+len(payload))
	raw = binary.BigEndian.AppendUint16(raw, Port)
	raw = binary.BigEndian.AppendUint16(raw, Port)
	raw = binary.BigEndian.AppendUint16(raw, uint16(udpHeaderSize+len(payload)))
	raw = append(raw, 0, 0)
	raw = append(raw, payload...)
	sum := ^checksum.IPv6(raw, packet.UDP)
	if sum == 0 {
		sum = 0xffff // 0 would mean "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(raw[packet.IPv6Size+6:], sum)
	return raw
}

// ParsePacket parses a packet made by Packet, and checks its checksum.
func ParsePacket(raw []byte) (src, dst netip.Addr, m Message, err error) {
	var h packet.Header
	packet.Parse(raw, &h)
	m, err = read(&h, raw)
	return h.Src, h.Dst, m, err
}

// read returns the message of a packet whose headers have been parsed.
func read(h *packet.Header, raw []byte) (Message, error) {
	if !isPlain(h, raw) || h.Protocol != packet.UDP || h.SrcPort != Port || h.DstPort != Port {
		return Message{}, ErrNotProbe
	}
	udp := h.Payload(raw)
	if int(binary.BigEndian.Uint16(udp[4:])) != len(udp) || checksum.IPv6(raw, packet.UDP) != checksum.Whole {
		return Message{}, ErrNotProbe
	}
	return Parse(udp[udpHeaderSize:])
}

// echoReply returns the reply to an ICMPv6 echo request.
func echoReply(h *packet.Header, raw []byte) ([]byte, bool) {
	if !isPlain(h, raw) || !h.IsEchoRequest() || h.ICMPCode != 0 || checksum.IPv6(raw, packet.ICMPv6) != checksum.Whole {
		return nil, false
	}
	reply := append(ipv6Header(h.Dst, h.Src, packet.ICMPv6, len(raw)-packet.IPv6Size), raw[packet.IPv6Size:]...)
	reply[packet.IPv6Size] = packet.EchoReplyV6
	reply[packet.IPv6Size+2], reply[packet.IPv6Size+3] = 0, 0
	binary.BigEndian.PutUint16(reply[packet.IPv6Size+2:], ^checksum.IPv6(reply, packet.ICMPv6))
	return reply, true
}

// isPlain is true for an unfragmented IPv6 packet without extension headers.
func isPlain(h *packet.Header, raw []byte) bool {
	return h.Valid && h.Version == 6 && !h.Options && !h.Fragment && h.HasTransport && h.Length == len(raw)
}

func ipv6Header(src, dst netip.Addr, protocol byte, payload int) []byte {
	header := make([]byte, 8, packet.IPv6Size+payload)
	header[0] = 6 << 4
	binary.BigEndian.PutUint16(header[4:], uint16(payload))
	header[6], header[7] = protocol, hopLimit
	from, to := src.As16(), dst.As16()
	return append(append(header, from[:]...), to[:]...)
}
