package acl

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/refuse"
	"sag.software/native/internal/datapath/rules"
)

// Stage drops packets that the clients' access lists do not allow.
type Stage struct {
	find    func(netip.Addr) *Client
	deliver func([]byte) error
	inject  func([]byte) error
	now     func() time.Duration
	refuser *refuse.Refuser
}

// NewStage makes a stage of a path. find returns the client with an inner address, nil = none; now is a monotonic clock.
func NewStage(path *datapath.Path, find func(netip.Addr) *Client, now func() time.Duration) *Stage {
	return &Stage{find: find, deliver: path.Deliver, inject: path.Inject, now: now, refuser: refuse.New(path.Inject)}
}

// FromTunnel is the stage for packets from clients. It answers refused ones.
func (s *Stage) FromTunnel(b *datapath.Batch) {
	j := judge{Stage: s}
	for p := b.Next(); p != nil; p = b.Next() {
		c := j.client(p.Src)
		if c == nil || !c.HasList() {
			continue
		}
		verdict := c.Pass(&p.Header, p.Raw, rules.FromClient, j.time())
		if verdict.Allowed {
			continue
		}
		p.Drop()
		if verdict.Cut {
			s.cut(p, s.inject, s.deliver)
		} else if p.Valid {
			s.refuser.Prohibit(&p.Header, p.Raw)
		}
	}
}

// ToTunnel is the stage for packets to clients. Packets that the access point itself injected pass unchecked.
func (s *Stage) ToTunnel(b *datapath.Batch) {
	j := judge{Stage: s}
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Injected {
			continue
		}
		c := j.client(p.Dst)
		if c == nil || !c.HasList() {
			continue
		}
		verdict := c.Pass(&p.Header, p.Raw, rules.ToClient, j.time())
		if verdict.Allowed {
			continue
		}
		p.Drop()
		if verdict.Cut {
			s.cut(p, s.deliver, s.inject)
		}
	}
}

// cut resets both ends of a TCP connection that was open. sender and recipient send to the ends of the packet.
func (s *Stage) cut(p *datapath.Packet, sender, recipient func([]byte) error) {
	if !s.refuser.Allow() {
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

// judge keeps the last client and the time of a batch.
type judge struct {
	*Stage
	address netip.Addr
	last    *Client
	at      time.Duration
}

func (j *judge) client(address netip.Addr) *Client {
	if j.address != address {
		j.address, j.last = address, j.find(address)
	}
	return j.last
}

func (j *judge) time() time.Duration {
	if j.at == 0 {
		j.at = j.now()
	}
	return j.at
}
