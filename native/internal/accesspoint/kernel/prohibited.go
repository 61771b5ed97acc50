package kernel

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
)

// prohibited is the ICMP "administratively prohibited" that answers a packet, as if its destination had sent it.
func prohibited(raw []byte, from, to netip.Addr) []byte {
	if from.Is4() {
		const most = 28 // the header and eight bytes
		message := append([]byte{3, 13, 0, 0, 0, 0, 0, 0}, raw[:min(len(raw), most)]...)
		binary.BigEndian.PutUint16(message[2:], ^checksum.Sum(0, message))
		reply := append([]byte{4<<4 | ipv4Size/4, 0, 0, 0, 0, 0, 0, 0, 64, protocolICMPv4, 0, 0}, to.AsSlice()...)
		reply = append(reply, from.AsSlice()...)
		binary.BigEndian.PutUint16(reply[2:], uint16(len(reply)+len(message)))
		binary.BigEndian.PutUint16(reply[10:], ^checksum.Sum(0, reply))
		return append(reply, message...)
	}
	const most = 1280 - ipv6Size - icmpSize
	message := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, raw[:min(len(raw), most)]...)
	reply := append([]byte{6 << 4, 0, 0, 0, 0, 0, protocolICMPv6, 64}, to.AsSlice()...)
	reply = append(reply, from.AsSlice()...)
	binary.BigEndian.PutUint16(reply[4:], uint16(len(message)))
	reply = append(reply, message...)
	binary.BigEndian.PutUint16(reply[ipv6Size+2:], ^checksum.IPv6(reply, protocolICMPv6))
	return reply
}
