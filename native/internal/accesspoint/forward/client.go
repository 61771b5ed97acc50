package forward

import (
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/datapath/rate"
	"sag.software/native/internal/datapath/rules"
)

// maxStreams and maxDatagramFlows limit the flows of one client, because each uses a socket of the host. A connection beyond the
// limit is refused; a UDP flow beyond the limit replaces the one that has been idle longest.
const maxStreams, maxDatagramFlows = 2048, 1024

// Client is a session's state in the forwarder.
type Client struct {
	// Up and Down shape the traffic from and to the client.
	Up, Down rate.Limit

	mu           sync.Mutex
	destinations []netip.Prefix
	flows        map[*flow]struct{}
	datagrams    int // number of UDP flows in flows
	ended        bool
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

// Update sets the client's destinations and rates. Flows to addresses that are no longer among the destinations are reset.
func (c *Client) Update(destinations []netip.Prefix, rates rules.Rates) {
	c.Up.Set(rates.Up)
	c.Down.Set(rates.Down)
	c.mu.Lock()
	c.destinations = destinations
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
