package probe

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
)

// Port is the UDP port at both ends of a probe.
const Port = 7

const (
	ipv6HeaderSize  = 40
	udpHeaderSize   = 8
	echoHeaderSize  = 8
	hopLimit        = 64
	protocolUDP     = 17
	protocolICMPv6  = 58
	echoRequestType = 128
	echoReplyType   = 129
)

// Packet builds the IPv6 packet that carries the message.
func Packet(src, dst netip.Addr, m Message) []byte {
	payload := m.Append(make([]byte, 0, Size))
	packet := ipv6Header(src, dst, protocolUDP, udpHeaderSize+len(payload))
	packet = binary.BigEndian.AppendUint16(packet, Port)
	packet = binary.BigEndian.AppendUint16(packet, Port)
	packet = binary.BigEndian.AppendUint16(packet, uint16(udpHeaderSize+len(payload)))
	packet = append(packet, 0, 0)
	packet = append(packet, payload...)
	sum := ^checksum.IPv6(packet, protocolUDP)
	if sum == 0 {
		sum = 0xffff // zero would mean "no checksum"
	}
	binary.BigEndian.PutUint16(packet[ipv6HeaderSize+6:], sum)
	return packet
}

// ParsePacket reads a packet that Packet built; its checksum has to be right.
func ParsePacket(packet []byte) (src, dst netip.Addr, m Message, err error) {
	src, dst, ok := plainIPv6(packet, protocolUDP, udpHeaderSize)
	if !ok {
		return src, dst, m, ErrNotProbe
	}
	udp := packet[ipv6HeaderSize:]
	if binary.BigEndian.Uint16(udp) != Port || binary.BigEndian.Uint16(udp[2:]) != Port ||
		int(binary.BigEndian.Uint16(udp[4:])) != len(udp) || checksum.IPv6(packet, protocolUDP) != checksum.Whole {
		return src, dst, m, ErrNotProbe
	}
	m, err = Parse(udp[udpHeaderSize:])
	return src, dst, m, err
}

// echoReply turns an ICMPv6 echo request into its reply.
func echoReply(packet []byte) ([]byte, bool) {
	src, dst, ok := plainIPv6(packet, protocolICMPv6, echoHeaderSize)
	if !ok || packet[ipv6HeaderSize] != echoRequestType || packet[ipv6HeaderSize+1] != 0 ||
		checksum.IPv6(packet, protocolICMPv6) != checksum.Whole {
		return nil, false
	}
	reply := append(ipv6Header(dst, src, protocolICMPv6, len(packet)-ipv6HeaderSize), packet[ipv6HeaderSize:]...)
	reply[ipv6HeaderSize] = echoReplyType
	reply[ipv6HeaderSize+2], reply[ipv6HeaderSize+3] = 0, 0
	binary.BigEndian.PutUint16(reply[ipv6HeaderSize+2:], ^checksum.IPv6(reply, protocolICMPv6))
	return reply, true
}

// plainIPv6 tells whether this is a whole IPv6 packet of that protocol, without extension headers.
func plainIPv6(packet []byte, protocol byte, headerSize int) (src, dst netip.Addr, ok bool) {
	if len(packet) < ipv6HeaderSize+headerSize || packet[0]>>4 != 6 || packet[6] != protocol ||
		int(binary.BigEndian.Uint16(packet[4:])) != len(packet)-ipv6HeaderSize {
		return src, dst, false
	}
	return netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40])), true
}

func ipv6Header(src, dst netip.Addr, protocol byte, payload int) []byte {
	header := make([]byte, 8, ipv6HeaderSize+payload)
	header[0] = 6 << 4
	binary.BigEndian.PutUint16(header[4:], uint16(payload))
	header[6], header[7] = protocol, hopLimit
	from, to := src.As16(), dst.As16()
	return append(append(header, from[:]...), to[:]...)
}
