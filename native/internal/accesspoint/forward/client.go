package forward

import (
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/datapath/refuse"
)

// maxStreams and maxDatagramFlows limit the flows of one client, because each uses a socket of the host. A connection beyond the
// limit is refused; a UDP flow beyond the limit replaces the one that has been idle longest.
const maxStreams, maxDatagramFlows = 2048, 1024

// The connections of a client with a cap together buffer what its rate carries in a quarter of a second, within these limits for each of
// them, bytes.
const (
	buffersPerSecond        = 4
	leastBuffer, mostBuffer = 32 << 10, 4 << 20
)

// Client is a session's state in the forwarder.
type Client struct {
	mu           sync.Mutex
	destinations []netip.Prefix
	rate         uint64 // bit/s to the client; 0 = no limit
	flows        map[*flow]struct{}
	datagrams    int // number of UDP flows in flows
	ended        bool

	answers refuse.Limit
}

// flow is one connection or UDP association.
type flow struct {
	to    netip.Addr
	abort func()
	// used returns the time of the last packet of a UDP flow, on a monotonic clock; nil = TCP.
	used func() time.Duration
}

// NewClient makes a client without destinations.
func NewClient() *Client { return &Client{flows: map[*flow]struct{}{}} }

// Answers limits the answers to refused packets of the client.
func (c *Client) Answers() *refuse.Limit { return &c.answers }

// Update sets the client's destinations and the rate at which packets to it leave, bit/s; 0 = without a limit. Flows to addresses that are
// no longer among the destinations are reset.
func (c *Client) Update(destinations []netip.Prefix, rate uint64) {
	c.mu.Lock()
	c.destinations, c.rate = destinations, rate
	var over []*flow
	for f := range c.flows {
		if !contains(destinations, f.to) {
			over = append(over, f)
		}
	}
	c.mu.Unlock()
	for _, f := range over {
		f.abort()
	}
}

// sendBuffer returns how much a new connection to the client may have in flight and waiting, bytes; 0 = as much as its path carries. With a
// cap, more would only take memory.
func (c *Client) sendBuffer() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rate == 0 {
		return 0
	}
	streams := uint64(max(len(c.flows)-c.datagrams, 1))
	return int(min(max(c.rate/8/buffersPerSecond/streams, leastBuffer), mostBuffer))
}

// Destinations returns the prefixes that the client may reach.
func (c *Client) Destinations() []netip.Prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.destinations
}

// End resets all flows and refuses new ones.
func (c *Client) End() {
	c.mu.Lock()
	c.ended = true
	flows := c.flows
	c.flows, c.datagrams = map[*flow]struct{}{}, 0
	c.mu.Unlock()
	for f := range flows {
		f.abort()
	}
}

// begin registers a connection. ok is false if the client has ended or if the destination was removed after the policy decision;
// full means that the limit is reached. abort may be called more than once, and also after the flow has ended.
func (c *Client) begin(to netip.Addr, abort func()) (end func(), ok, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.flows)-c.datagrams >= maxStreams {
		return nil, false, true
	}
	end, ok = c.add(&flow{to: to.Unmap(), abort: abort})
	return end, ok, false
}

// beginDatagrams is begin for a UDP flow. displaced means that the flow replaced another one.
func (c *Client) beginDatagrams(to netip.Addr, abort func(), used func() time.Duration) (end func(), ok, displaced bool) {
	c.mu.Lock()
	var idlest *flow
	if c.datagrams >= maxDatagramFlows {
		for f := range c.flows {
			if f.used != nil && (idlest == nil || f.used() < idlest.used()) {
				idlest = f
			}
		}
		c.remove(idlest)
	}
	end, ok = c.add(&flow{to: to.Unmap(), abort: abort, used: used})
	c.mu.Unlock()
	if idlest != nil {
		idlest.abort()
	}
	return end, ok, idlest != nil
}

// add registers a flow. The caller holds the lock, as for remove.
func (c *Client) add(f *flow) (end func(), ok bool) {
	if c.ended || !contains(c.destinations, f.to) {
		return nil, false
	}
	c.flows[f] = struct{}{}
	if f.used != nil {
		c.datagrams++
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.remove(f)
	}, true
}

func (c *Client) remove(f *flow) {
	if _, there := c.flows[f]; !there {
		return
	}
	delete(c.flows, f)
	if f.used != nil {
		c.datagrams--
	}
}

func contains(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
