// Package packet parses the headers of an IP packet once, for all stages of the data path.
package packet

import "net/netip"

// Protocol numbers in IP headers.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// Header sizes, bytes.
const (
	IPv4Size = 20 // without options
	IPv6Size = 40
	ICMPSize = 8 // of an echo message, and of an error before the packet that it quotes

	fragmentSize = 8
	// transportSize covers ports and identifiers. ICMP errors quote at least this much (RFC 792).
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
	TooBigCode       = 4  // of Unreachable: "fragmentation needed and DF set"
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

// Header is the parsed headers of an IP packet.
type Header struct {
	// Src and Dst are set if the IP header is complete, even if the packet is not Valid.
	Src, Dst netip.Addr
	// SrcPort and DstPort are set for TCP and UDP, if HasTransport.
	SrcPort, DstPort uint16
	// EchoID is set for ICMP if HasTransport. It is only meaningful in echo messages.
	EchoID uint16
	// Length is the packet's length according to its IP header, at most the number of bytes read. TransportAt is the offset of
	// the transport header or, in a later fragment, of the data. Both are bytes.
	Length, TransportAt int
	// FragmentID and FragmentOffset (bytes) are set for fragments.
	FragmentID     uint32
	FragmentOffset int

	// Version is 4 or 6; 0 = not an IP packet.
	Version uint8
	// Protocol is the transport protocol, after all IPv6 extension headers.
	Protocol uint8
	// ICMPType and ICMPCode are set for ICMP of the packet's IP version, TCPFlags for TCP, if HasTransport.
	ICMPType, ICMPCode uint8
	TCPFlags           uint8

	// Valid is true if all headers of the network layer are complete and within the packet.
	Valid bool
	// Options is true if there are IPv4 options or IPv6 extension headers other than Fragment.
	Options bool
	// Fragment is true for fragments, including IPv6 atomic fragments (RFC 6946); MoreFragments for all but the last one.
	Fragment, MoreFragments bool
	// HasTransport is true if the first eight bytes of the transport header are present, which later fragments do not have.
	HasTransport bool
}

// Source returns the source address and port; the port is 0 for packets without ports.
func (h *Header) Source() netip.AddrPort { return netip.AddrPortFrom(h.Src, h.SrcPort) }

// Destination returns the destination address and port; the port is 0 for packets without ports.
func (h *Header) Destination() netip.AddrPort { return netip.AddrPortFrom(h.Dst, h.DstPort) }

// IsICMP is true for ICMP of the packet's own IP version.
func (h *Header) IsICMP() bool {
	return h.Version == 4 && h.Protocol == ICMP || h.Version == 6 && h.Protocol == ICMPv6
}

// IsICMPError is true for ICMP errors, which quote the packet that they are about, if the message has a complete header.
func (h *Header) IsICMPError() bool {
	return h.IsICMP() && h.HasTransport && IsICMPError(h.Version, h.ICMPType)
}

// IsICMPError is true for the types of ICMP errors of an IP version.
func IsICMPError(version, message uint8) bool {
	if version == 6 {
		return message < EchoRequestV6 // RFC 4443, section 2.1
	}
	const parameterProblem = 12
	return message == Unreachable || message == TimeExceeded || message == parameterProblem
}

// IsEchoRequest is true for an unfragmented echo request.
func (h *Header) IsEchoRequest() bool {
	if !h.IsICMP() || !h.HasTransport || h.Fragment {
		return false
	}
	return h.Version == 4 && h.ICMPType == EchoRequest || h.Version == 6 && h.ICMPType == EchoRequestV6
}

// Payload returns the bytes after the network layer's headers, up to the packet's length. The packet must be Valid.
func (h *Header) Payload(raw []byte) []byte { return raw[h.TransportAt:h.Length] }
