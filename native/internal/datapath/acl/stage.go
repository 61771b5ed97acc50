package acl

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/refuse"
	"sag.software/native/internal/datapath/rules"
)

// Stage drops packets that the clients' access lists do not allow.
type Stage struct {
	counters *Counters
	find     func(netip.Addr) *Client
	deliver  func([]byte) error
	inject   func([]byte) error
	now      func() time.Duration
	refuser  *refuse.Refuser
}

// NewStage makes a stage of a path. find returns the client with an inner address, nil = none; now is a monotonic clock. counters are those
// of the lists.
func NewStage(path *datapath.Path, find func(netip.Addr) *Client, now func() time.Duration, counters *Counters) *Stage {
	return &Stage{counters: counters, find: find, deliver: path.Deliver, inject: path.Inject, now: now, refuser: refuse.New(path.Inject)}
}

// FromTunnel is the stage for packets from clients. It answers refused ones.
func (s *Stage) FromTunnel(b *datapath.Batch) {
	j := judge{Stage: s}
	for p := b.Next(); p != nil; p = b.Next() {
		verdict, decided := j.pass(p, p.Src, rules.FromClient)
		if !decided || verdict.Allowed {
			continue
		}
		p.Drop()
		j.refused.add(&j.client.Refused, len(p.Raw))
		switch {
		case verdict.Cut:
			s.cut(j.client, p, s.inject, s.deliver)
		case p.Valid && p.Protocol == packet.TCP && p.HasTransport && p.TCPFlags&(packet.SYN|packet.ACK) != packet.SYN:
			s.reset(j.client, p) // an error would not end a connection
		case p.Valid:
			s.refuser.Prohibit(&j.client.answers, &p.Header, p.Raw)
		}
	}
	j.flush()
}

// ToTunnel is the stage for packets to clients. Packets that the access point itself injected pass unchecked.
func (s *Stage) ToTunnel(b *datapath.Batch) {
	j := judge{Stage: s}
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Injected {
			continue
		}
		verdict, decided := j.pass(p, p.Dst, rules.ToClient)
		if decided && verdict.Allowed && p.SrcPort == dnsPort {
			j.client.Learn(&p.Header, p.Raw, j.at)
		}
		if !decided || verdict.Allowed {
			continue
		}
		p.Drop()
		if verdict.Cut {
			s.cut(j.client, p, s.deliver, s.inject)
		}
	}
	j.flush()
}

// cut resets both ends of a TCP connection that was open. sender and recipient send to the ends of the packet.
func (s *Stage) cut(client *Client, p *datapath.Packet, sender, recipient func([]byte) error) {
	if !client.answers.Allow() {
		return
	}
	// If a queue is full, the end tries again with its next packet.
	if raw := refuse.ResetSender(&p.Header, p.Raw); raw != nil {
		_ = sender(raw)
	}
	if raw := refuse.ResetRecipient(&p.Header, p.Raw); raw != nil {
		_ = recipient(raw)
	}
}

// reset resets a TCP connection at the client, whose packet was refused. The other end may not know of it.
func (s *Stage) reset(client *Client, p *datapath.Packet) {
	if raw := refuse.ResetSender(&p.Header, p.Raw); raw != nil && client.answers.Allow() {
		_ = s.inject(raw) // if the queue is full, the client tries again
	}
}

// judge decides about the packets of a batch. It keeps the last client and the last allowed flow, because most packets of a batch belong to
// one flow.
type judge struct {
	*Stage
	address netip.Addr
	client  *Client
	at      time.Duration

	// list decided about the flow of the packet last; nil = nothing is kept.
	list *List
	last packet.Header
	// counter is that of the rule that decided about last.
	counter *Counter

	decided, denied, refused tally
}

func (j *judge) flush() {
	j.decided.flush()
	j.denied.flush()
	j.refused.flush()
}

// pass decides about a packet; decided is false if its client has no list.
func (j *judge) pass(p *datapath.Packet, client netip.Addr, direction rules.Direction) (verdict Verdict, decided bool) {
	if j.address != client {
		j.address, j.client, j.list = client, j.find(client), nil
	}
	if j.client == nil {
		return Verdict{}, false
	}
	list := j.client.list.Load()
	if list == nil {
		return Verdict{}, false
	}
	if list == j.list && sameFlow(&j.last, &p.Header) {
		j.decided.add(j.counter, len(p.Raw))
		return Verdict{Allowed: true, Rule: NoRule}, true
	}
	if j.at == 0 {
		j.at = j.now()
	}
	verdict = j.client.Pass(&p.Header, p.Raw, direction, j.at)
	j.list = nil
	if verdict.Allowed && isData(&p.Header) {
		// If the list was replaced meanwhile, the next packet is decided by the new one.
		j.list, j.last, j.counter = list, p.Header, verdict.counter
	}
	switch {
	case verdict.Allowed:
	case verdict.Rule == NoRule:
		verdict.counter = &j.counters.Unclear
	default:
		j.denied.add(&j.counters.Denied, len(p.Raw))
	}
	j.decided.add(verdict.counter, len(p.Raw))
	return verdict, true
}

// isData is true for packets that change nothing but the time at which their flow was used.
func isData(h *packet.Header) bool {
	switch {
	case !h.Valid || h.Fragment:
		return false
	case h.Protocol == packet.TCP:
		return h.HasTransport && h.TCPFlags&(packet.SYN|packet.FIN|packet.RST) == 0
	}
	return h.Protocol == packet.UDP && h.HasTransport && h.SrcPort != dnsPort && h.DstPort != dnsPort
}

func sameFlow(a, b *packet.Header) bool {
	return a.Protocol == b.Protocol && a.SrcPort == b.SrcPort && a.DstPort == b.DstPort && a.Dst == b.Dst && a.Src == b.Src && isData(b)
}
