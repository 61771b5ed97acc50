package forward

import (
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/datapath/rate"
	"sag.software/native/internal/datapath/rules"
)

// maxStreams and maxDatagramFlows bound the flows of one client: each holds a socket of the host. A connection too many is
// refused; a UDP flow too many takes the place of the one that has been idle longest.
const maxStreams, maxDatagramFlows = 2048, 1024

// Client is a session as the forwarder sees it.
type Client struct {
	// Up and Down shape the traffic from and to the client.
	Up, Down rate.Limit

	mu           sync.Mutex
	destinations []netip.Prefix
	flows        map[*flow]struct{}
	datagrams    int // how many of the flows are UDP's
	ended        bool
}

// flow is one connection or UDP association.
type flow struct {
	to    netip.Addr
	abort func()
	// used is when a UDP flow was used last, on a clock of its own; nil = TCP.
	used func() time.Duration
}

// NewClient makes a client that may go nowhere yet.
func NewClient() *Client { return &Client{flows: map[*flow]struct{}{}} }

// Update sets where the client may go, and how fast. Flows to where it may no longer go are reset.
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

// Destinations are where the client may go.
func (c *Client) Destinations() []netip.Prefix {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.destinations
}

// End resets all flows; there will be no more.
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

// begin registers a connection; ok = it may go on: a destination may have been taken away since it was decided on. full =
// there are too many. abort may be called more than once, also after the flow's end.
func (c *Client) begin(to netip.Addr, abort func()) (end func(), ok, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.flows)-c.datagrams >= maxStreams {
		return nil, false, true
	}
	end, ok = c.add(&flow{to: to.Unmap(), abort: abort})
	return end, ok, false
}

// beginDatagrams is begin for a UDP flow. displaced = another one had to go.
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

// add is called with the lock held, as remove is.
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
