package flowlog

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// Client is one session in a table. The table's user may not use it concurrently with the table.
type Client struct {
	session  uint64
	timeouts Timeouts
	// slot is its index in Table.clients.
	slot int32
	// flows is the number of its flows; previous and after are the clients beside it in Table.byCount.
	flows           int
	previous, after *Client
	// ends are the ends of the orders of its flows.
	ends [perClient]ends
	// recent are the flows of the last packets, by direction: consecutive packets usually belong to one flow.
	recent [3]recent
	// rest counts, by direction and family, what found no room: see Table.
	rest [4]Record
}

// recent is a flow, 0 = none, and what its packets have in common, so that its key need not be made for each.
type recent struct {
	flow             int32
	srcPort, dstPort uint16
	protocol         uint8
	src, dst         netip.Addr
}

// isOf is true if a packet belongs to the flow. ICMP is left out.
func (r *recent) isOf(h *packet.Header) bool {
	return r.flow != 0 && h.SrcPort == r.srcPort && h.DstPort == r.dstPort && h.Protocol == r.protocol && h.Src == r.src && h.Dst == r.dst && !h.IsICMP()
}

// SetTimeouts changes the timeouts, also for the flows that are in the table.
func (c *Client) SetTimeouts(timeouts Timeouts) { c.timeouts = timeouts }

// countRest counts a packet without its flow.
func (c *Client) countRest(now time.Duration, d rules.Direction, h *packet.Header, size int) {
	r := &c.rest[(int(d)-1)*2+int(h.Version)/6]
	if r.Packets == 0 {
		none := unspecified4
		if h.Version == 6 {
			none = unspecified6
		}
		src, dst := h.Src, none
		if d == rules.ToClient {
			src, dst = none, h.Dst
		}
		*r = Record{Key: Key{src: src.As16(), dst: dst.As16(), Session: c.session, Version: h.Version, Direction: d}, First: now, End: EndEviction}
	}
	r.count(now, size)
}

// takeRest moves what found no room to dst and returns how many records that are.
func (c *Client) takeRest(dst []Record) int {
	n := 0
	for i := range c.rest {
		if c.rest[i].Packets > 0 && n < len(dst) {
			dst[n] = c.rest[i]
			c.rest[i].Packets = 0
			n++
		}
	}
	return n
}

// Empty is true if nothing is counted for the client that Flush or Due would return, apart from what waits.
func (c *Client) Empty() bool {
	for i := range c.rest {
		if c.rest[i].Packets > 0 {
			return false
		}
	}
	return c.flows == 0
}
