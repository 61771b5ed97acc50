// Package refuse answers packets that are not forwarded: ICMP errors and TCP resets.
package refuse

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
)

// Prohibited returns an ICMP "administratively prohibited" in answer to a packet, with the packet's destination as source.
func Prohibited(raw []byte, from, to netip.Addr) []byte {
	if from.Is4() {
		const most = 28 // the IPv4 header and eight bytes (RFC 792)
		message := append([]byte{packet.Unreachable, packet.ProhibitedCode, 0, 0, 0, 0, 0, 0}, raw[:min(len(raw), most)]...)
		binary.BigEndian.PutUint16(message[2:], ^checksum.Sum(0, message))
		reply := append([]byte{4<<4 | packet.IPv4Size/4, 0, 0, 0, 0, 0, 0, 0, 64, packet.ICMP, 0, 0}, to.AsSlice()...)
		reply = append(reply, from.AsSlice()...)
		binary.BigEndian.PutUint16(reply[2:], uint16(len(reply)+len(message)))
		binary.BigEndian.PutUint16(reply[10:], ^checksum.Sum(0, reply))
		return append(reply, message...)
	}
	const most = 1280 - packet.IPv6Size - packet.ICMPSize
	message := append([]byte{packet.UnreachableV6, packet.ProhibitedCodeV6, 0, 0, 0, 0, 0, 0}, raw[:min(len(raw), most)]...)
	reply := append([]byte{6 << 4, 0, 0, 0, 0, 0, packet.ICMPv6, 64}, to.AsSlice()...)
	reply = append(reply, from.AsSlice()...)
	binary.BigEndian.PutUint16(reply[4:], uint16(len(message)))
	reply = append(reply, message...)
	binary.BigEndian.PutUint16(reply[packet.IPv6Size+2:], ^checksum.IPv6(reply, packet.ICMPv6))
	return reply
}
