package forward

import (
	"net/netip"
	"sync"
)

// maxFlows bounds the flows of one client: each holds a socket of the host.
const maxFlows = 2048

// Client is a session as the forwarder sees it.
type Client struct {
	// Up and Down shape the traffic from and to the client.
	Up, Down Limit

	mu           sync.Mutex
	destinations []netip.Prefix
	flows        map[*flow]struct{}
	ended        bool
}

// flow is one connection or UDP association.
type flow struct {
	to    netip.Addr
	abort func()
}

// NewClient makes a client that may go nowhere yet.
func NewClient() *Client { return &Client{flows: map[*flow]struct{}{}} }

// Update sets where the client may go, and how fast (bit/s each way, 0 = uncapped). Flows to where it may no longer go are
// reset.
func (c *Client) Update(destinations []netip.Prefix, bandwidth uint64) {
	c.Up.Set(bandwidth)
	c.Down.Set(bandwidth)
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
	c.flows = map[*flow]struct{}{}
	c.mu.Unlock()
	for f := range flows {
		f.abort()
	}
}

// begin registers a flow; ok = it may go on: a destination may have been taken away since it was decided on. abort may be called more than once, also after the flow's end.
func (c *Client) begin(to netip.Addr, abort func()) (end func(), ok bool) {
	f := &flow{to: to.Unmap(), abort: abort}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || len(c.flows) >= maxFlows || !contains(c.destinations, f.to) {
		return nil, false
	}
	c.flows[f] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flows, f)
	}, true
}

func contains(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
