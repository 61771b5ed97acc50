// Package account has the accounting stages: an access point's counters for each client, and a client's counters for its tunnel.
package account

import (
	"net/netip"
	"sync/atomic"

	"sag.software/native/internal/datapath"
)

// Counter counts the inner bytes of one session.
type Counter struct {
	// Rx counts bytes from the client, Tx bytes to the client.
	Rx, Tx atomic.Uint64
}

// Clients counts each client's traffic at an access point. Replies to probes are not counted: they come from the access point
// itself.
type Clients struct {
	own      atomic.Pointer[netip.Addr]
	counters atomic.Pointer[map[netip.Addr]*Counter]
}

// NewClients makes a stage without clients.
func NewClients() *Clients {
	c := &Clients{}
	c.own.Store(&netip.Addr{})
	c.counters.Store(&map[netip.Addr]*Counter{})
	return c
}

// SetOwn sets the access point's probe address.
func (c *Clients) SetOwn(address netip.Addr) { c.own.Store(&address) }

// Assign sets the counter of each inner address.
func (c *Clients) Assign(counters map[netip.Addr]*Counter) { c.counters.Store(&counters) }

// FromTunnel is the stage for packets from clients.
func (c *Clients) FromTunnel(b *datapath.Batch) {
	t := tally{counters: *c.counters.Load()}
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Src != t.address {
			t.flushRx()
			t.take(p.Src)
		}
		t.bytes += len(p.Raw)
	}
	t.flushRx()
}

// ToTunnel is the stage for packets to clients.
func (c *Clients) ToTunnel(b *datapath.Batch) {
	t, own := tally{counters: *c.counters.Load()}, *c.own.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Src == own {
			continue
		}
		if p.Dst != t.address {
			t.flushTx()
			t.take(p.Dst)
		}
		t.bytes += len(p.Raw)
	}
	t.flushTx()
}

// tally sums up consecutive packets of one client, so that a batch usually costs one look-up and one atomic addition.
type tally struct {
	counters map[netip.Addr]*Counter
	address  netip.Addr
	counter  *Counter
	bytes    int
}

func (t *tally) take(address netip.Addr) {
	t.address, t.counter, t.bytes = address, t.counters[address], 0
}

func (t *tally) flushRx() {
	if t.counter != nil {
		t.counter.Rx.Add(uint64(t.bytes))
	}
}

func (t *tally) flushTx() {
	if t.counter != nil {
		t.counter.Tx.Add(uint64(t.bytes))
	}
}
