package resolver

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/panics"
)

const (
	// longest caps the TTL of cached answers.
	longest = 60 * time.Second
	// resolutionDelay is how long to wait for AAAA records after A records have arrived (RFC 8305, section 3).
	resolutionDelay = 200 * time.Millisecond
	// aliasLimit is how many CNAMEs are followed for a server that does not resolve them itself.
	aliasLimit = 8
	port       = 53
)

// Resolver resolves names with a fixed list of servers.
type Resolver struct {
	servers []netip.AddrPort
	ipv6    bool
	dial    Dial
	cache   cache
	memory  *Memory
	// network is "tcp" or AnyNetwork; limit bounds one query.
	network string
	limit   time.Duration
}

// New returns a resolver. Without ipv6 it sends no AAAA queries, because no IPv6 address is tunneled.
func New(servers []netip.Addr, ipv6 bool, dial Dial) *Resolver {
	var all []netip.AddrPort
	for _, a := range servers {
		all = append(all, netip.AddrPortFrom(a, port))
	}
	return &Resolver{
		servers: all, ipv6: ipv6, dial: dial, cache: cache{now: time.Now}, memory: &Memory{}, network: AnyNetwork, limit: Limit,
	}
}

// found is the result of one query.
type found struct {
	addresses []netip.Addr
	alias     string
	ttl       time.Duration
	err       error
}

// Lookup returns a name's addresses, IPv4 first. It fails with `name_not_found` on NXDOMAIN and with `dns_unavailable` if
// no server answers.
func (r *Resolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if addresses := r.cache.get(name); addresses != nil {
		return addresses, nil
	}
	if len(r.servers) == 0 {
		return nil, failure.New(failure.DNSUnavailable, msg.DNSNoServer())
	}
	six := make(chan found, 1)
	if r.ipv6 {
		go func() {
			var f found
			defer func() { six <- f }()
			defer panics.Error(&f.err, "a DNS lookup")
			f = r.follow(ctx, name, dns.TypeAAAA)
		}()
	} else {
		six <- found{ttl: longest}
	}
	a := r.follow(ctx, name, dns.TypeA)
	aaaa := found{ttl: longest}
	if len(a.addresses) > 0 {
		// RFC 8305, section 3: with an IPv4 address available, wait only briefly for AAAA records.
		select {
		case aaaa = <-six:
		case <-time.After(resolutionDelay):
			aaaa.ttl = 5 * time.Second
		}
	} else {
		aaaa = <-six
	}
	addresses := append(a.addresses, aaaa.addresses...)
	if len(addresses) > 0 {
		r.cache.put(name, addresses, min(a.ttl, aaaa.ttl))
		return addresses, nil
	}
	if a.err != nil {
		return nil, a.err
	}
	if aaaa.err != nil {
		return nil, aaaa.err
	}
	return nil, notFound(name)
}

func notFound(name string) error {
	return failure.New(failure.NameNotFound, msg.HostNotFoundInside(name))
}

// follow sends one query, and further ones for CNAMEs that the server does not resolve itself.
func (r *Resolver) follow(ctx context.Context, name string, kind uint16) found {
	ttl := longest
	left := aliasLimit
	for asked := name; ; {
		f := r.ask(ctx, asked, kind)
		f.ttl = min(ttl, f.ttl)
		if f.err != nil || f.alias == "" || len(f.addresses) > 0 {
			return f
		}
		if left--; left == 0 {
			return found{err: notFound(name)}
		}
		asked, ttl = f.alias, f.ttl
	}
}

// ask sends one query and repeats it over TCP if the answer is truncated (RFC 7766).
func (r *Resolver) ask(ctx context.Context, name string, kind uint16) found {
	message, err := newQuery(name, kind).Pack()
	if err != nil {
		return found{err: notFound(name), ttl: longest}
	}
	answer, err := r.exchange(ctx, r.network, message)
	if err == nil && answer.Truncated && r.network != "tcp" {
		if whole, failed := r.exchange(ctx, "tcp", message); failed == nil {
			answer = whole
		}
	}
	if err == nil {
		if f, isSettled := read(answer, name, kind); isSettled {
			return f
		}
	}
	if failure.CauseOf(err) == failure.NotConnected {
		return found{err: err, ttl: longest}
	}
	if err == nil && answer.Rcode != dns.RcodeSuccess {
		// With SERVFAIL, REFUSED and the like the name server failed, and not the network.
		word := dns.RcodeToString[answer.Rcode]
		return found{err: failure.New(failure.DNSUnavailable, msg.DNSServerError(word, name)), ttl: longest}
	}
	return found{err: failure.Over(errors.Join(ErrSilent, err), failure.DNSUnavailable, msg.DNSServersSilent(name)), ttl: longest}
}

func (r *Resolver) exchange(ctx context.Context, network string, message []byte) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	raw, err := r.memory.AskUntil(ctx, r.dial, network, r.servers, message)
	if err != nil {
		return nil, err
	}
	answer := new(dns.Msg)
	// A truncated or damaged answer is used as far as it can be parsed.
	if err := answer.Unpack(raw); err != nil && !answer.Truncated {
		return nil, err
	}
	return answer, nil
}

func newQuery(name string, kind uint16) *dns.Msg {
	query := new(dns.Msg)
	query.SetQuestion(dns.Fqdn(name), kind)
	query.SetEdns0(Datagram, false)
	return query
}
