package acl

import (
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// kind is what a packet is within its flow.
type kind uint8

const (
	// ordinary packets belong to their flow, and open it if it is not open.
	ordinary kind = iota
	// answer is a packet that belongs to a flow which the other end, or for TCP either end, has opened before.
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
// ports or with an incomplete quoted packet, it is not clear which flow they belong to, and ICMP of the other IP version has no meaning.
func ask(h *packet.Header, raw []byte, direction rules.Direction) (q question, ok bool) {
	q.flow = flowOf(h, direction)
	q.key = keyOf(q.flow, h)
	switch h.Protocol {
	case packet.TCP:
		// With other flags beside SYN, some hosts still open a connection.
		q.opens = h.TCPFlags&(packet.SYN|packet.ACK) == packet.SYN
		if !q.opens {
			q.kind = answer
		}
		return q, h.HasTransport
	case packet.UDP:
		return q, h.HasTransport
	case packet.ICMP, packet.ICMPv6:
		if !h.IsICMP() {
			return q, false
		}
		return askICMP(q, h, raw, direction)
	}
	return q, true
}

// flowOf returns what a list matches of a packet.
func flowOf(h *packet.Header, direction rules.Direction) Flow {
	f := Flow{Remote: h.Dst, RemotePort: h.DstPort, ClientPort: h.SrcPort, Protocol: h.Protocol}
	if direction == rules.ToClient {
		f.Remote, f.RemotePort, f.ClientPort = h.Src, h.SrcPort, h.DstPort
	}
	if h.IsICMP() {
		f.Protocol = packet.ICMP
	}
	return f
}
