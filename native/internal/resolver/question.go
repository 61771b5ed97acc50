package resolver

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// ErrSilent means that no name server has answered.
var ErrSilent = errors.New("no name server answered")

// Ask is AskUntil with the timeout Limit.
func (m *Memory) Ask(ctx context.Context, dial Dial, network string, servers []netip.AddrPort, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	return m.AskUntil(ctx, dial, network, servers, message)
}

// Question is a query for a complete name's addresses of one family.
type Question struct {
	Name string
	IPv6 bool
	// Servers are queried in this order, over Network ("tcp" or AnyNetwork), for at most Limit per query.
	Servers []netip.AddrPort
	Network string
	Limit   time.Duration
}

// Addresses sends a query. It fails with `name_not_found` on NXDOMAIN and with `dns_unavailable` if no server gives a
// usable answer; then also with ErrSilent if none has answered at all. No error and no addresses means that the name has
// none of that family.
func (m *Memory) Addresses(ctx context.Context, dial Dial, q Question) ([]netip.Addr, error) {
	r := Resolver{servers: q.Servers, dial: dial, memory: m, network: q.Network, limit: q.Limit}
	kind := dns.TypeA
	if q.IPv6 {
		kind = dns.TypeAAAA
	}
	f := r.follow(ctx, q.Name, kind)
	return f.addresses, f.err
}
