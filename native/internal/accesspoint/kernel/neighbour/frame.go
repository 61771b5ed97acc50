// Package neighbour answers ARP and IPv6 neighbour discovery for addresses that are not the host's own. It does so from user
// space, so that it stops whenever the process ends, even if it is killed.
package neighbour

import (
	"encoding/binary"
	"net/netip"

	"sag.software/native/internal/checksum"
)

type hardwareAddr [6]byte

var broadcastAddr = hardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

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
	// neighbourSize is the size of type, code, checksum, flags and target, bytes.
	neighbourSize = 24
	// linkLayerOption is the size of an option with a hardware address, bytes.
	linkLayerOption = 8
	// hopLimit is required in neighbour discovery: a lower value means that a router has forwarded the packet (RFC 4861).
	hopLimit      = 255
	flagSolicited = 0x40
	flagOverride  = 0x20
	// experimentOption is the first option type for experiments (RFC 4727). Hosts that do not implement it ignore it.
	experimentOption = 253
	// markSize is the size of the mark and a generation, bytes. In ARP they are in the bytes with which Ethernet pads frames to
	// 60 bytes; in neighbour discovery they are in an option after its type, length and two bytes of alignment.
	markSize = 4 + 8
	// mark is in frames of access points that contain a generation.
	mark = "SAGP"
	// arpMark and optionMark are the mark's offsets in the payload.
	arpMark    = arpSize
	optionMark = ipv6Size + neighbourSize + linkLayerOption + 4
)

// message is a parsed ARP or neighbour discovery frame.
type message struct {
	// about is the address that is requested, or claimed by the sender.
	about netip.Addr
	asks  bool
	// sender is the frame's source; reply is the address to send a reply to, unspecified = all nodes.
	sender hardwareAddr
	reply  netip.Addr
	// generation is the client's generation according to the access point that claims the address; 0 = not given.
	generation uint64
}

// readMark returns the generation at an offset of the payload, 0 if there is none.
func readMark(payload []byte, at int) uint64 {
	if len(payload) < at+markSize || string(payload[at:at+len(mark)]) != mark {
		return 0
	}
	return binary.BigEndian.Uint64(payload[at+len(mark):])
}

func appendMark(frame []byte, generation uint64) []byte {
	return binary.BigEndian.AppendUint64(append(frame, mark...), generation)
}

// read parses ARP, neighbour solicitations and neighbour advertisements.
func read(frame []byte) (message, bool) {
	if len(frame) < ethernetSize {
		return message{}, false
	}
	sender, body := hardwareAddr(frame[6:12]), frame[ethernetSize:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeARP:
		return readARP(sender, body)
	case typeIPv6:
		return readNeighbour(sender, body)
	}
	return message{}, false
}

func readARP(sender hardwareAddr, arp []byte) (message, bool) {
	if len(arp) < arpSize || string(arp[:6]) != "\x00\x01\x08\x00\x06\x04" {
		return message{}, false
	}
	from, target := netip.AddrFrom4([4]byte(arp[14:18])), netip.AddrFrom4([4]byte(arp[24:28]))
	switch binary.BigEndian.Uint16(arp[6:]) {
	case arpRequest:
		if from == target {
			return message{about: from, sender: sender, generation: readMark(arp, arpMark)}, true // a gratuitous ARP request
		}
		return message{about: target, asks: true, sender: sender, reply: from}, true
	case arpReply:
		return message{about: from, sender: sender, generation: readMark(arp, arpMark)}, true
	}
	return message{}, false
}

func readNeighbour(sender hardwareAddr, packet []byte) (message, bool) {
	if len(packet) < ipv6Size+neighbourSize || packet[0]>>4 != 6 || packet[6] != icmpv6 || packet[7] != hopLimit {
		return message{}, false
	}
	icmp := packet[ipv6Size:]
	target := netip.AddrFrom16([16]byte(icmp[8:24]))
	switch icmp[0] {
	case solicitation:
		return message{about: target, asks: true, sender: sender, reply: netip.AddrFrom16([16]byte(packet[8:24]))}, true
	case advertisement:
		return message{about: target, sender: sender, generation: readMark(packet, optionMark)}, true
	}
	return message{}, false
}

// answer returns the reply to a request: the address is at own.
func answer(own hardwareAddr, question message, generation uint64) []byte {
	if question.about.Is4() {
		return appendMark(arp(own, question.sender, arpReply, question.about, question.sender, question.reply), generation)
	}
	if question.reply.IsUnspecified() { // duplicate address detection
		return announcement(own, question.about, generation)
	}
	return neighbour(own, question.sender, question.about, question.reply, flagSolicited|flagOverride, generation)
}

// announcement returns a frame that announces to all nodes that the address is at own.
func announcement(own hardwareAddr, address netip.Addr, generation uint64) []byte {
	if address.Is4() {
		return appendMark(arp(own, broadcastAddr, arpRequest, address, hardwareAddr{}, address), generation)
	}
	toAll := netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 15: 1})
	return neighbour(own, hardwareAddr{0x33, 0x33, 0, 0, 0, 1}, address, toAll, flagOverride, generation)
}

func ethernet(dst, src hardwareAddr, kind uint16, size int) []byte {
	frame := make([]byte, 0, ethernetSize+size)
	frame = append(append(frame, dst[:]...), src[:]...)
	return binary.BigEndian.AppendUint16(frame, kind)
}

func arp(own, dst hardwareAddr, operation uint16, from netip.Addr, to hardwareAddr, target netip.Addr) []byte {
	frame := append(ethernet(dst, own, typeARP, arpSize), 0, 1, 8, 0, 6, 4)
	frame = binary.BigEndian.AppendUint16(frame, operation)
	frame = append(append(frame, own[:]...), from.AsSlice()...)
	return append(append(frame, to[:]...), target.AsSlice()...)
}

func neighbour(own, dst hardwareAddr, about, to netip.Addr, flags byte, generation uint64) []byte {
	const size = neighbourSize + linkLayerOption + 4 + markSize
	frame := append(ethernet(dst, own, typeIPv6, ipv6Size+size), 6<<4, 0, 0, 0, 0, size, icmpv6, hopLimit)
	frame = append(append(frame, about.AsSlice()...), to.AsSlice()...)
	frame = append(frame, advertisement, 0, 0, 0, flags, 0, 0, 0)
	frame = append(frame, about.AsSlice()...)
	frame = append(append(frame, 2, 1), own[:]...)
	frame = appendMark(append(frame, experimentOption, (4+markSize)/8, 0, 0), generation)
	packet := frame[ethernetSize:]
	binary.BigEndian.PutUint16(packet[ipv6Size+2:], ^checksum.IPv6(packet, icmpv6))
	return frame
}
