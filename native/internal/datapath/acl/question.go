package acl

import (
	"net/netip"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// kind is what a packet is within its flow.
type kind uint8

const (
	// ordinary packets belong to their flow, and open it if it is not open.
	ordinary kind = iota
	// answer is a packet that cannot open a flow of the other end: the flow must have been opened before the access point knew it.
	answer
	// related is an ICMP error about a flow.
	related
)

// question is what a packet asks.
type question struct {
	flow Flow
	key  key
	kind kind
	// opens is true for the SYN of a TCP connection.
	opens bool
}

// ask parses what the list and the flows match of a packet. ok is false for packets that must not be forwarded under a list: without
// ports or with an incomplete quoted packet, it is not clear which flow they belong to.
func ask(h *packet.Header, raw []byte, direction rules.Direction) (q question, ok bool) {
	remote, port, clientPort := h.Dst, h.DstPort, h.SrcPort
	if direction == rules.ToClient {
		remote, port, clientPort = h.Src, h.SrcPort, h.DstPort
	}
	q.flow = Flow{Remote: remote, RemotePort: port, ClientPort: clientPort, Protocol: h.Protocol}
	q.key = keyOf(q.flow, h.Version)
	switch {
	case h.Protocol == packet.TCP:
		const flags = packet.SYN | packet.ACK | packet.RST | packet.FIN
		q.opens = h.TCPFlags&flags == packet.SYN
		if !q.opens {
			q.kind = answer
		}
		return q, h.HasTransport
	case h.Protocol == packet.UDP:
		return q, h.HasTransport
	case h.IsICMP():
		return askICMP(q, h, raw, direction)
	case h.Protocol == packet.ICMP, h.Protocol == packet.ICMPv6: // of the other IP version
		q.flow.Protocol = 0
	}
	return q, true
}

func askICMP(q question, h *packet.Header, raw []byte, direction rules.Direction) (question, bool) {
	if !h.HasTransport {
		return q, false
	}
	q.flow.Protocol = packet.ICMP
	q.key.protocol = packet.ICMP
	if isError(h) {
		return askQuoted(q, h, raw, direction)
	}
	switch {
	case h.Version == 4 && h.ICMPType == packet.EchoRequest, h.Version == 6 && h.ICMPType == packet.EchoRequestV6:
	case h.Version == 4 && h.ICMPType == packet.EchoReply, h.Version == 6 && h.ICMPType == packet.EchoReplyV6:
		q.kind = answer
	default:
		return q, true
	}
	q.key.remotePort, q.key.clientPort = h.EchoID, h.EchoID
	return q, true
}

func isError(h *packet.Header) bool {
	if h.Version == 6 {
		return h.ICMPType < packet.EchoRequestV6 // RFC 4443, section 2.1
	}
	const parameterProblem = 12
	return h.ICMPType == packet.Unreachable || h.ICMPType == packet.TimeExceeded || h.ICMPType == parameterProblem
}

// askQuoted asks about the flow of the packet quoted in an ICMP error, which the recipient of the error must have sent.
func askQuoted(q question, h *packet.Header, raw []byte, direction rules.Direction) (question, bool) {
	var quoted packet.Header
	packet.ParseQuoted(h.Payload(raw)[packet.ICMPSize:], &quoted)
	if !quoted.Valid || quoted.Version != h.Version || !quoted.HasTransport || quoted.Src != h.Dst {
		return q, false
	}
	opposite := rules.FromClient
	if direction == rules.FromClient {
		opposite = rules.ToClient
	}
	q.kind = related
	q.flow = Flow{Remote: quoted.Dst, RemotePort: quoted.DstPort, ClientPort: quoted.SrcPort, Protocol: quoted.Protocol}
	if opposite == rules.ToClient {
		q.flow = Flow{Remote: quoted.Src, RemotePort: quoted.SrcPort, ClientPort: quoted.DstPort, Protocol: quoted.Protocol}
	}
	q.key = keyOf(q.flow, h.Version)
	if quoted.IsICMP() {
		// The identifier of the quoted echo message is behind its first four bytes.
		body := h.Payload(raw)[packet.ICMPSize:][quoted.TransportAt:]
		if len(body) < packet.ICMPSize {
			return q, false
		}
		id := uint16(body[4])<<8 | uint16(body[5])
		q.flow.Protocol = packet.ICMP
		q.key.protocol, q.key.remotePort, q.key.clientPort = packet.ICMP, id, id
	}
	return q, q.flow.Remote != netip.Addr{}
}
