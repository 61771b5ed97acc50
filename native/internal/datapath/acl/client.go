package acl

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/refuse"
	"sag.software/native/internal/datapath/rules"
)

// unknownAge is how long flows may be open that the table does not know, after a session has begun or a list was bound to a client that had
// none.
const unknownAge = udpIdle

// Client is the access list of a client and its open flows. It is safe for concurrent use.
type Client struct {
	// Refused counts the packets of the client that were refused.
	Refused Counter

	// list is written with mu held. It is read without, to skip clients that have none.
	list atomic.Pointer[List]

	mu         sync.Mutex
	generation uint32
	flows      flows
	fragments  fragments
	// names are learned from the answers of the resolvers.
	names     names
	resolvers []netip.Addr
	// unknownUntil is until when flows may be open that were opened without a list, resumeUntil until when TCP connections may be open that
	// another access point has carried, or this one before it was restarted.
	unknownUntil, resumeUntil time.Duration
	answers                   refuse.Limit
}

// Verdict is what happens to a packet.
type Verdict struct {
	Allowed bool
	// Rule is as in Decision.
	Rule int
	// counter counts what decided; nil = it is not counted.
	counter *Counter
	// Cut means that the packet belongs to a TCP connection that was open between both ends before: they should be told.
	Cut bool
}

// SetResolvers sets the name servers whose answers count for rules with names.
func (c *Client) SetResolvers(resolvers []netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resolvers = resolvers
}

// Learn notes the addresses in a datagram to the client, if it is an answer of one of the resolvers and the list has rules with names.
func (c *Client) Learn(h *packet.Header, raw []byte, now time.Duration) {
	const udpHeader = 8
	if !h.Valid || h.Fragment || h.Protocol != packet.UDP || h.SrcPort != dnsPort || h.Length < h.TransportAt+udpHeader {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list.Load()
	if list == nil || !list.named || !slices.Contains(c.resolvers, h.Src.Unmap()) {
		return
	}
	for _, answer := range readAnswer(raw[h.TransportAt+udpHeader : h.Length]) {
		c.names.learn(answer, now)
	}
}

// Set replaces the list; nil = none. Every packet is decided by either the former list or the new one. Open flows are decided again with
// their next packet.
func (c *Client) Set(list *List, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	former := c.list.Swap(list)
	c.generation++
	switch {
	case list == nil:
		c.flows, c.fragments, c.names = flows{}, fragments{}, names{}
	case former == nil:
		c.unknownUntil, c.resumeUntil = now+unknownAge, now+unknownAge
	}
}

// Begin sets the list of a session that has just begun at this access point. No flows are known.
func (c *Client) Begin(list *List, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list.Store(list)
	c.generation++
	c.flows, c.fragments, c.names = flows{}, fragments{}, names{}
	c.unknownUntil, c.resumeUntil = 0, now+unknownAge
}

// Pass decides about a packet from or to the client. It does not allocate, except that the table of flows grows to the number of flows.
func (c *Client) Pass(h *packet.Header, raw []byte, direction rules.Direction, now time.Duration) Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list.Load()
	if list == nil {
		return Verdict{Allowed: true, Rule: NoRule}
	}
	if !h.Valid {
		return Verdict{Rule: NoRule}
	}
	if h.FragmentOffset != 0 {
		// A TCP fragment at offset 8 could overwrite the flags of the first one (RFC 3128).
		overwrites := h.FragmentOffset == 8 && h.Protocol == packet.TCP
		return Verdict{Allowed: !overwrites && c.fragments.allowed(h, now), Rule: NoRule}
	}
	q, ok := ask(h, raw, direction)
	verdict := Verdict{Rule: NoRule}
	if ok {
		verdict = c.decide(list, q, h, direction, now)
	}
	if h.MoreFragments {
		c.fragments.note(h, verdict.Allowed, now)
	}
	return verdict
}

func (c *Client) decide(list *List, q question, h *packet.Header, direction rules.Direction, now time.Duration) Verdict {
	i := c.flows.find(&q.key, now)
	if i != 0 && q.opens && c.flows.all[i].opened != direction {
		// The ports are used again, by the other end, which must not end the flow unless it may open one.
		if d := list.decide(direction, q.flow, &c.names, now); !d.Allowed {
			return Verdict{Rule: d.Rule, counter: list.counter(d.Rule)}
		}
		c.flows.remove(i)
		i = 0
	}
	if i == 0 {
		return c.open(list, q, h, direction, now)
	}
	f := &c.flows.all[i]
	if q.kind == related && f.seen&(1<<opposite(direction)) == 0 {
		return Verdict{Rule: NoRule} // about a packet that was not sent
	}
	if f.generation != c.generation {
		d := list.decide(f.opened, q.flow, &c.names, now)
		f.generation, f.allowed, f.rule = c.generation, d.Allowed, int32(d.Rule)
	}
	verdict := Verdict{Allowed: f.allowed, Rule: int(f.rule), counter: list.counter(int(f.rule))}
	// Only a host that has answered is told, because others may be out of the client's reach.
	verdict.Cut = !f.allowed && q.kind == answer && f.protocol == packet.TCP && f.seen == both
	if f.allowed && q.kind != related {
		c.flows.use(i, now)
		c.note(i, h, direction)
	}
	return verdict
}

// open decides about a packet of a flow that is not in the table, and adds the flow if it is allowed.
func (c *Client) open(list *List, q question, h *packet.Header, direction rules.Direction, now time.Duration) Verdict {
	opened := direction
	switch {
	case q.kind == ordinary:
	case q.kind == related, h.Protocol != packet.TCP, h.TCPFlags&packet.SYN != 0:
		return Verdict{Rule: NoRule} // nothing has passed that it could be about
	default:
		// From the middle of a connection. An end that may open one may also continue one.
		if direction == rules.ToClient && now >= c.resumeUntil {
			if d := list.decide(direction, q.flow, &c.names, now); !d.Allowed {
				return Verdict{Rule: d.Rule, counter: list.counter(d.Rule)}
			}
		}
		opened = rules.FromClient // as most connections are
	}
	d := list.decide(opened, q.flow, &c.names, now)
	if d.Allowed && opened == rules.ToClient && !q.opens && q.key.opener == 0 && now < c.unknownUntil {
		// The client may have opened it before it had a list.
		opened = rules.FromClient
		d = list.decide(opened, q.flow, &c.names, now)
	}
	verdict := Verdict{Allowed: d.Allowed, Rule: d.Rule, counter: list.counter(d.Rule)}
	if !d.Allowed {
		verdict.Cut = q.kind == answer && now < c.unknownUntil
		return verdict
	}
	i := c.flows.add(flow{key: q.key, opened: opened, list: pending(direction), allowed: true, generation: c.generation, rule: int32(d.Rule), used: now})
	c.note(i, h, direction)
	return verdict
}

// note records a packet that passes.
func (c *Client) note(i int32, h *packet.Header, direction rules.Direction) {
	f, bit := &c.flows.all[i], uint8(1)<<direction
	if f.seen&f.acknowledged&bit != 0 && h.TCPFlags&(packet.SYN|packet.FIN|packet.RST) == 0 {
		return // most packets of TCP change nothing
	}
	f.seen |= bit
	switch {
	case f.protocol == packet.TCP:
		switch {
		case h.TCPFlags&packet.RST != 0:
			f.reset = true
		case h.TCPFlags&packet.FIN != 0:
			f.finished |= bit
		case h.TCPFlags&packet.SYN != 0:
			f.reset, f.finished, f.acknowledged = false, 0, f.acknowledged&^bit
		}
		if h.TCPFlags&(packet.ACK|packet.RST) == packet.ACK {
			f.acknowledged |= bit
		}
	case f.protocol == packet.UDP && f.remotePort == dnsPort && f.opened == rules.FromClient:
		if direction == rules.FromClient {
			f.queries = min(f.queries, 254) + 1
		} else if f.queries = max(f.queries, 1) - 1; f.queries == 0 && !h.MoreFragments {
			c.flows.remove(i) // the port is rarely used again
			return
		}
	}
	c.flows.settle(i)
}

func opposite(direction rules.Direction) rules.Direction {
	if direction == rules.FromClient {
		return rules.ToClient
	}
	return rules.FromClient
}
