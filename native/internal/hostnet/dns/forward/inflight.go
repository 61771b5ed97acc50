package forward

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"sag.software/native/internal/fair"
	"sag.software/native/internal/panics"
	"sag.software/native/internal/person"
	"sag.software/native/internal/proxy/peercred"
)

const (
	// queryLimit is the number of in-flight queries per upstream, not counting root's; rootQueryLimit is that of root.
	queryLimit, rootQueryLimit = 256, 64
	// connectionLimit is the number of open connections, not counting root's; rootConnectionLimit is that of root.
	connectionLimit, rootConnectionLimit = 64, 16
)

// accountable returns the user that a query counts for: the owner of the client's socket, as the kernel reports it.
func accountable(network string, client, server netip.AddrPort) uint32 {
	find := peercred.Sender
	if network == "tcp" {
		find = peercred.System().TCP
	}
	uid, err := find(client, server)
	if err != nil {
		return fair.Unknown
	}
	return person.Of(uid)
}

func (f *Forwarder) userOf(network string, client, server net.Addr) func() uint32 {
	return func() uint32 { return f.config.Person(network, addrPort(client), addrPort(server)) }
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.AddrPort()
	case *net.UDPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// waiter is a query of a program that waits for an answer.
type waiter struct {
	// leave returns the slot after the answer was sent.
	leave func()
	// displaced is closed when the slot is given to another user.
	displaced chan struct{}
}

// wait takes a slot for a query.
func (f *Forwarder) wait(network string, by upstream, client, server net.Addr) waiter {
	displaced := make(chan struct{})
	place := f.inFlight[by].Take(f.userOf(network, client, server), func() { close(displaced) })
	f.touch(by)
	return waiter{displaced: displaced, leave: func() {
		f.touch(by)
		place.Leave()
	}}
}

// queries are the pending queries, so that the same query of several programs is sent once.
type queries struct {
	mu  sync.Mutex
	all map[queryKey]*query
}

// queryKey is what makes two queries the same.
type queryKey struct {
	network  string
	upstream upstream
	rules    *Rules
	// message is the query without its ID. Flags are included: queries with and without DNSSEC have different answers.
	message string
	first   string
}

// query is one pending query.
type query struct {
	// waiters is guarded by queries.mu; the query is cancelled when the last one leaves.
	waiters int
	cancel  context.CancelFunc
	done    chan struct{}
	// answer is set before done is closed; nil if there is none.
	answer []byte
}

// answer sends a query, or waits for the answer to the same one that is pending already; nil if there is none.
func (f *Forwarder) answer(w waiter, network string, message []byte, d decision) []byte {
	query, leave := f.join(network, message, d)
	defer leave()
	select {
	case <-query.done:
	case <-w.displaced:
		// Answer at once: without an answer, the program would query another server later, perhaps after the disconnect.
		return packed(d.failed())
	}
	if query.answer == nil {
		return nil
	}
	answer := slices.Clone(query.answer)
	copy(answer, message[:2]) // the ID of this query
	return answer
}

// join returns the pending query for a message, and starts one if there is none.
func (f *Forwarder) join(network string, message []byte, d decision) (*query, func()) {
	key := queryKey{network, d.upstream, f.rules.Load(), string(message[2:]), strings.Join(d.first, " ")}
	all := &f.queries
	all.mu.Lock()
	defer all.mu.Unlock()
	one := all.all[key]
	if one == nil {
		ctx := f.ctx
		if d.upstream == tunneled && len(d.first) == 0 {
			ctx = f.tunneledCtx
		}
		one = &query{done: make(chan struct{})}
		ctx, one.cancel = context.WithCancel(ctx)
		if all.all == nil {
			all.all = map[queryKey]*query{}
		}
		all.all[key] = one
		f.done.Go(func() {
			defer all.forget(key, one)
			defer panics.Log(f.config.Logger, "a DNS query")
			one.answer = f.find(ctx, network, message, d)
		})
	}
	one.waiters++
	return one, func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		if one.waiters--; one.waiters == 0 {
			one.cancel()
			// It has no answer for later callers.
			if all.all[key] == one {
				delete(all.all, key)
			}
		}
	}
}

// forget removes a query: later callers start a new one.
func (all *queries) forget(key queryKey, one *query) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.all[key] == one {
		delete(all.all, key)
	}
	one.cancel()
	close(one.done)
}
