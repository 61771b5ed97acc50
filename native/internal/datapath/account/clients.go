// Package account is the accounting stages: what an access point counts for each client, and what a client counts of its tunnel.
package account

import (
	"net/netip"
	"sync/atomic"

	"sag.software/native/internal/datapath"
)

// Counter counts the inner bytes of one session.
type Counter struct {
	// Rx is from the client, Tx to it.
	Rx, Tx atomic.Uint64
}

// Clients counts for each client of an access point. Answers to probes are not counted: they are the access point's own.
type Clients struct {
	own      atomic.Pointer[netip.Addr]
	counters atomic.Pointer[map[netip.Addr]*Counter]
}

// NewClients makes a stage that knows no clients.
func NewClients() *Clients {
	c := &Clients{}
	c.own.Store(&netip.Addr{})
	c.counters.Store(&map[netip.Addr]*Counter{})
	return c
}

// SetOwn sets the access point's probe address.
func (c *Clients) SetOwn(address netip.Addr) { c.own.Store(&address) }

// Assign sets whose the inner addresses are.
func (c *Clients) Assign(counters map[netip.Addr]*Counter) { c.counters.Store(&counters) }

// FromTunnel is the stage for what clients send.
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

// ToTunnel is the stage for what clients get.
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

// tally sums up packets of one client that follow each other, which they mostly do: they cost one look-up and one addition.
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
