// Package neighbour answers for addresses that are not this machine's own, on networks it is attached to: ARP and IPv6
// neighbour discovery from user space, so that the answering ends with the process, whatever way that goes.
package neighbour

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
)

type hardware [6]byte

var everybody = hardware{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

const (
	ethernetSize  = 14
	typeARP       = 0x0806
	typeIPv6      = 0x86dd
	arpSize       = 28
	arpRequest    = 1
	arpReply      = 2
	ipv6Size      = 40
	icmpv6        = 58
	solicitation  = 135
	advertisement = 136
	// neighbourSize is type, code, checksum, flags and target.
	neighbourSize = 24
	// linkLayerOption carries a hardware address.
	linkLayerOption = 8
	// hopLimit of neighbour discovery: packets with less have come through a router.
	hopLimit      = 255
	flagSolicited = 0x40
	flagOverride  = 0x20
)

// said is what a frame says of an address.
type said struct {
	// about is asked for, or claimed by the sender.
	about netip.Addr
	asks  bool
	// sender is who speaks; reply is where an answer goes, unspecified = to everybody.
	sender hardware
	reply  netip.Addr
}

// read understands ARP, neighbour solicitations and neighbour advertisements.
func read(frame []byte) (said, bool) {
	if len(frame) < ethernetSize {
		return said{}, false
	}
	sender, body := hardware(frame[6:12]), frame[ethernetSize:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeARP:
		return readARP(sender, body)
	case typeIPv6:
		return readNeighbour(sender, body)
	}
	return said{}, false
}

func readARP(sender hardware, arp []byte) (said, bool) {
	if len(arp) < arpSize || string(arp[:6]) != "\x00\x01\x08\x00\x06\x04" {
		return said{}, false
	}
	from, target := netip.AddrFrom4([4]byte(arp[14:18])), netip.AddrFrom4([4]byte(arp[24:28]))
	switch binary.BigEndian.Uint16(arp[6:]) {
	case arpRequest:
		if from == target {
			return said{about: from, sender: sender}, true // an announcement
		}
		return said{about: target, asks: true, sender: sender, reply: from}, true
	case arpReply:
		return said{about: from, sender: sender}, true
	}
	return said{}, false
}

func readNeighbour(sender hardware, packet []byte) (said, bool) {
	if len(packet) < ipv6Size+neighbourSize || packet[0]>>4 != 6 || packet[6] != icmpv6 || packet[7] != hopLimit {
		return said{}, false
	}
	message := packet[ipv6Size:]
	target := netip.AddrFrom16([16]byte(message[8:24]))
	switch message[0] {
	case solicitation:
		return said{about: target, asks: true, sender: sender, reply: netip.AddrFrom16([16]byte(packet[8:24]))}, true
	case advertisement:
		return said{about: target, sender: sender}, true
	}
	return said{}, false
}

// answer is the frame that says "it is at own" to who asked.
func answer(own hardware, question said) []byte {
	if question.about.Is4() {
		return arp(own, question.sender, arpReply, question.about, question.sender, question.reply)
	}
	if question.reply.IsUnspecified() { // somebody checks whether the address is free
		return announcement(own, question.about)
	}
	return neighbour(own, question.sender, question.about, question.reply, flagSolicited|flagOverride)
}

// announcement is the frame that tells everybody where an address is now.
func announcement(own hardware, address netip.Addr) []byte {
	if address.Is4() {
		return arp(own, everybody, arpRequest, address, hardware{}, address)
	}
	toAll := netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 15: 1})
	return neighbour(own, hardware{0x33, 0x33, 0, 0, 0, 1}, address, toAll, flagOverride)
}

func ethernet(dst, src hardware, kind uint16, size int) []byte {
	frame := make([]byte, 0, ethernetSize+size)
	frame = append(append(frame, dst[:]...), src[:]...)
	return binary.BigEndian.AppendUint16(frame, kind)
}

func arp(own, dst hardware, operation uint16, from netip.Addr, to hardware, target netip.Addr) []byte {
	frame := append(ethernet(dst, own, typeARP, arpSize), 0, 1, 8, 0, 6, 4)
	frame = binary.BigEndian.AppendUint16(frame, operation)
	frame = append(append(frame, own[:]...), from.AsSlice()...)
	return append(append(frame, to[:]...), target.AsSlice()...)
}

func neighbour(own, dst hardware, about, to netip.Addr, flags byte) []byte {
	const size = neighbourSize + linkLayerOption
	frame := append(ethernet(dst, own, typeIPv6, ipv6Size+size), 6<<4, 0, 0, 0, 0, size, icmpv6, hopLimit)
	frame = append(append(frame, about.AsSlice()...), to.AsSlice()...)
	frame = append(frame, advertisement, 0, 0, 0, flags, 0, 0, 0)
	frame = append(frame, about.AsSlice()...)
	frame = append(append(frame, 2, 1), own[:]...)
	packet := frame[ethernetSize:]
	binary.BigEndian.PutUint16(packet[ipv6Size+2:], ^checksum.IPv6(packet, icmpv6))
	return frame
}
