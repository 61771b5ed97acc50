package resolver

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// ErrSilent means that no name server has answered at all.
var ErrSilent = errors.New("no name server answers")

// Ask is AskUntil within Limit.
func (m *Memory) Ask(ctx context.Context, dial Dial, network string, servers []netip.AddrPort, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	return m.AskUntil(ctx, dial, network, servers, message)
}

// Question asks for a complete name's addresses of one family.
type Question struct {
	Name string
	IPv6 bool
	// Servers are asked in this order, over Network ("tcp" or AnyNetwork), for at most Limit each time.
	Servers []netip.AddrPort
	Network string
	Limit   time.Duration
}

// Addresses answers a question. It fails with `name_not_found` on NXDOMAIN and with `dns_unavailable` if no server gives an answer that
// can be used, then also with ErrSilent if none has answered at all. Without an error and without addresses the name has none of that family.
func (m *Memory) Addresses(ctx context.Context, dial Dial, q Question) ([]netip.Addr, error) {
	r := Resolver{servers: q.Servers, dial: dial, memory: m, network: q.Network, limit: q.Limit}
	kind := dns.TypeA
	if q.IPv6 {
		kind = dns.TypeAAAA
	}
	f := r.follow(ctx, q.Name, kind)
	return f.addresses, f.err
}
