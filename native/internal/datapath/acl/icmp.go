package acl

import (
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

func askICMP(q question, h *packet.Header, raw []byte, direction rules.Direction) (question, bool) {
	if !h.HasTransport {
		return q, false
	}
	if h.IsICMPError() {
		return askQuoted(q, h, raw, direction)
	}
	q.kind = q.key.icmp(h.ICMPType, h.EchoID, direction)
	return q, true
}

// icmp sets what identifies the flow of an ICMP message that is not an error: the type and the identifier of the request, and who sends
// requests. So the flow of one end's requests lets no requests of the other end pass.
func (k *key) icmp(message uint8, id uint16, sender rules.Direction) kind {
	k.remotePort, k.clientPort, k.opener = uint16(message), id, sender
	request, isAnswer := requestOf(k.version, message)
	if !isAnswer {
		return ordinary
	}
	k.remotePort, k.opener = uint16(request), opposite(sender)
	return answer
}

// requestOf returns the type of the request that ICMP messages of this type answer. ok is false for other types; those that answer no
// certain request, such as router advertisements, are decided as if they were requests.
func requestOf(version, message uint8) (request uint8, ok bool) {
	if version == 6 {
		const nodeInformation, homeAgent, mobilePrefix, extendedEcho = 140, 145, 147, 161 // RFC 4620, 6275, 8335
		switch message {
		case packet.EchoReplyV6, nodeInformation, homeAgent, mobilePrefix, extendedEcho:
			return message - 1, true
		}
		return 0, false
	}
	const timestamp, information, addressMask, extendedEcho = 14, 16, 18, 43 // RFC 792, 950, 8335
	switch message {
	case packet.EchoReply:
		return packet.EchoRequest, true
	case timestamp, information, addressMask, extendedEcho:
		return message - 1, true
	}
	return 0, false
}

// askQuoted asks about the flow of the packet quoted in an ICMP error, which the recipient of the error must have sent.
func askQuoted(q question, h *packet.Header, raw []byte, direction rules.Direction) (question, bool) {
	var quoted packet.Header
	packet.ParseQuoted(h.Payload(raw)[packet.ICMPSize:], &quoted)
	if !quoted.Valid || quoted.Version != h.Version || !quoted.HasTransport || quoted.Src != h.Dst {
		return q, false
	}
	sender := opposite(direction)
	q.flow = flowOf(&quoted, sender)
	q.key = keyOf(q.flow, &quoted)
	if quoted.IsICMP() {
		body := h.Payload(raw)[packet.ICMPSize:][quoted.TransportAt:]
		if len(body) < packet.ICMPSize || packet.IsICMPError(h.Version, body[0]) {
			return q, false
		}
		q.key.icmp(body[0], uint16(body[4])<<8|uint16(body[5]), sender)
	}
	q.kind = related
	return q, true
}
