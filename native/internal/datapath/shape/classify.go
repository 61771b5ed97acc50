package shape

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"sag.software/native/internal/datapath/packet"
)

const (
	// smallDatagram is the largest IP packet of a small datagram, bytes, as calls send them.
	smallDatagram = 256
	dnsPort       = 53
)

// Kind is how a packet is queued.
type Kind struct {
	// Flow is a hash of the packet's flow: addresses, protocol and ports.
	Flow uint16
	// Interactive is true for packets that suffer most from waiting: DNS, ICMP, small datagrams, and TCP packets without data.
	Interactive bool
}

// Classify returns the kind of a packet. seed makes hashes unpredictable, so that nobody can choose flows that share a queue.
func Classify(h *packet.Header, raw []byte, seed uint64) Kind {
	ends := uint64(h.SrcPort)<<16 | uint64(h.DstPort)
	if h.IsICMP() {
		ends = uint64(h.EchoID)
	}
	if h.Fragment { // only the first fragment has ports
		ends = 1<<32 | uint64(h.FragmentID)
	}
	hash := seed
	for _, word := range [...]uint64{fold(h.Src), fold(h.Dst), ends<<8 | uint64(h.Protocol)} {
		high, low := bits.Mul64(hash^word, 0x9e3779b97f4a7c15)
		hash = high ^ low
	}
	return Kind{uint16(hash ^ hash>>16 ^ hash>>32 ^ hash>>48), isInteractive(h, raw)}
}

func fold(address netip.Addr) uint64 {
	b := address.As16()
	return binary.BigEndian.Uint64(b[:8])*0xff51afd7ed558ccd ^ binary.BigEndian.Uint64(b[8:])
}

func isInteractive(h *packet.Header, raw []byte) bool {
	switch {
	case h.Protocol == packet.TCP:
		return h.HasTransport && (h.TCPFlags&(packet.SYN|packet.RST) != 0 || !hasData(h, raw))
	case h.Protocol == packet.ICMP || h.Protocol == packet.ICMPv6:
		return true
	case h.Protocol == packet.UDP && h.HasTransport && (h.SrcPort == dnsPort || h.DstPort == dnsPort):
		return true
	}
	return len(raw) <= smallDatagram && h.Valid && !h.Fragment
}

// hasData is true if a TCP packet carries data.
func hasData(h *packet.Header, raw []byte) bool {
	const offsetAt = 12
	tcp := h.Payload(raw)
	return len(tcp) <= offsetAt || len(tcp) > int(tcp[offsetAt]>>4)*4
}
