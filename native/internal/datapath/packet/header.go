// Package packet reads the headers of an IP packet once, for everything that looks at it afterwards.
package packet

import "net/netip"

// Numbers of protocols, as IP headers carry them.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// Sizes of headers, bytes.
const (
	IPv4Size = 20 // without options
	IPv6Size = 40
	ICMPSize = 8 // of an echo message, and of an error before the packet that it quotes

	fragmentSize = 8
	// transportSize is what ICMP errors quote at least, and what ports and identifiers are within.
	transportSize = 8
)

// Types of ICMP messages.
const (
	EchoReply        = 0
	Unreachable      = 3
	EchoRequest      = 8
	TimeExceeded     = 11
	UnreachableV6    = 1
	TooBigV6         = 2
	TimeExceededV6   = 3
	EchoRequestV6    = 128
	EchoReplyV6      = 129
	ProhibitedCode   = 13 // of Unreachable
	ProhibitedCodeV6 = 1  // of UnreachableV6
)

// TCP flags.
const (
	FIN = 1 << 0
	SYN = 1 << 1
	RST = 1 << 2
	ACK = 1 << 4
)

// Header is what the headers of an IP packet say.
type Header struct {
	// Src and Dst are set as soon as there is a whole IP header, also if the packet is not Valid.
	Src, Dst netip.Addr
	// SrcPort and DstPort are set for TCP and UDP, if HasTransport.
	SrcPort, DstPort uint16
	// EchoID is set for ICMP, if HasTransport; it only means something in echo messages.
	EchoID uint16
	// Length is the packet's length by its IP header, at most the length of what was read. TransportAt is where the transport
	// header begins or, in a later fragment, where the data begin. Both are bytes.
	Length, TransportAt int
	// FragmentID and FragmentOffset (bytes) are set for fragments.
	FragmentID     uint32
	FragmentOffset int

	// Version is 4 or 6; 0 = no IP packet.
	Version uint8
	// Protocol is the transport's: the one after all IPv6 extension headers.
	Protocol uint8
	// ICMPType and ICMPCode are set for ICMP of the packet's IP version, TCPFlags for TCP, if HasTransport.
	ICMPType, ICMPCode uint8
	TCPFlags           uint8

	// Valid is true when all headers of the network layer are whole, and not longer than the packet.
	Valid bool
	// Options is true when there are IPv4 options or IPv6 extension headers other than a fragment header.
	Options bool
	// Fragment is true for the parts of a packet, also for IPv6's "atomic" fragment; MoreFragments for all but the last part.
	Fragment, MoreFragments bool
	// HasTransport is true when the first eight bytes of the transport header are there: not in later fragments.
	HasTransport bool
}

// Source and Destination have port 0 where the packet has no ports.
func (h *Header) Source() netip.AddrPort { return netip.AddrPortFrom(h.Src, h.SrcPort) }

// Destination is like Source.
func (h *Header) Destination() netip.AddrPort { return netip.AddrPortFrom(h.Dst, h.DstPort) }

// IsICMP is true for ICMP of the packet's own IP version.
func (h *Header) IsICMP() bool {
	return h.Version == 4 && h.Protocol == ICMP || h.Version == 6 && h.Protocol == ICMPv6
}

// IsEchoRequest is true for a ping that is in one piece.
func (h *Header) IsEchoRequest() bool {
	if !h.IsICMP() || !h.HasTransport || h.Fragment {
		return false
	}
	return h.Version == 4 && h.ICMPType == EchoRequest || h.Version == 6 && h.ICMPType == EchoRequestV6
}

// Payload is what follows the network layer's headers in a valid packet, without anything behind the packet's end.
func (h *Header) Payload(raw []byte) []byte { return raw[h.TransportAt:h.Length] }
