// Package names resolves names of the intranet by its own name servers, through the tunnel and never otherwise.
package names

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

const (
	// serverLimit is how long one server is given, over UDP and TCP together.
	serverLimit = time.Second
	// longest bounds how long an answer is kept, whatever it says of itself.
	longest = 60 * time.Second
	// aliasLimit is how many aliases that a server does not follow itself are followed.
	aliasLimit = 8
	port       = 53
)

// Dial makes a connection through the tunnel; network is "udp" or "tcp".
type Dial func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)

// Resolver asks a fixed list of servers.
type Resolver struct {
	servers []netip.Addr
	ipv6    bool
	dial    Dial
	cache   cache
}

// New makes a resolver. Without ipv6 nobody is asked for IPv6 addresses: nothing inside could be reached by them.
func New(servers []netip.Addr, ipv6 bool, dial Dial) *Resolver {
	return &Resolver{servers: servers, ipv6: ipv6, dial: dial, cache: cache{now: time.Now}}
}

// found is what one question was answered.
type found struct {
	addresses []netip.Addr
	alias     string
	ttl       time.Duration
	err       error
}

// Lookup gives a name's addresses, IPv4 first. It fails with `name_not_found` if a server says so and with
// `dns_unavailable` if none says anything.
func (r *Resolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if addresses := r.cache.get(name); addresses != nil {
		return addresses, nil
	}
	if len(r.servers) == 0 {
		return nil, failure.New(typesv1.Cause_CAUSE_DNS_UNAVAILABLE, "the intranet has no name server")
	}
	six := make(chan found, 1)
	if r.ipv6 {
		go func() { six <- r.follow(ctx, name, dns.TypeAAAA) }()
	} else {
		six <- found{ttl: longest}
	}
	a, aaaa := r.follow(ctx, name, dns.TypeA), <-six
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
	return failure.New(typesv1.Cause_CAUSE_NAME_NOT_FOUND, "the intranet has no host %s", name)
}

// follow asks one question, and again for the aliases a server leaves to the asker.
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

// ask asks the servers in order until one has an answer.
func (r *Resolver) ask(ctx context.Context, name string, kind uint16) found {
	for _, server := range r.servers {
		f, answered := r.askServer(ctx, netip.AddrPortFrom(server, port), name, kind)
		if answered {
			return f
		}
		if ctx.Err() != nil || failure.Cause(f.err) == typesv1.Cause_CAUSE_NOT_CONNECTED {
			return f
		}
	}
	return found{err: failure.New(typesv1.Cause_CAUSE_DNS_UNAVAILABLE, "no name server of the intranet answers for %s", name), ttl: longest}
}

// askServer says whether the server has settled the question.
func (r *Resolver) askServer(ctx context.Context, server netip.AddrPort, name string, kind uint16) (found, bool) {
	ctx, cancel := context.WithTimeout(ctx, serverLimit)
	defer cancel()
	query := newQuery(name, kind)
	answer, err := r.exchange(ctx, "udp", server, query)
	if err == nil && answer.Truncated {
		answer, err = r.exchange(ctx, "tcp", server, query)
	}
	if err != nil {
		return found{err: err}, false
	}
	return read(answer, name, kind)
}

func newQuery(name string, kind uint16) *dns.Msg {
	query := new(dns.Msg)
	query.SetQuestion(dns.Fqdn(name), kind)
	query.SetEdns0(1232, false)
	return query
}

// exchange sends a query and waits for its answer; what is not its answer is passed over.
func (r *Resolver) exchange(ctx context.Context, network string, server netip.AddrPort, query *dns.Msg) (*dns.Msg, error) {
	raw, err := r.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	deadline, _ := ctx.Deadline()
	if err := raw.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if network == "tcp" {
		return exchangeStream(raw, query)
	}
	return exchangeDatagrams(raw, query)
}
