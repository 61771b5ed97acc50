// Package forward is the DNS forwarder for the host's own queries. Names of the intranet are queried from its name servers
// through the tunnel only, all others from the host's former name servers. It caches nothing, and changes nothing in a query or
// answer except its ID.
package forward

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"sag.software/native/internal/resolver"
	"sag.software/native/internal/router"
)

// Rules decide which upstream a query is sent to.
type Rules struct {
	// Domains and all names below them are queried through the tunnel; lower-case, without a trailing dot.
	Domains []string
	// Search holds the search domains. Names under them are queried through the tunnel, too.
	Search []string
	// AllNames means that all names are queried through the tunnel, whatever Domains contains.
	AllNames bool
	// Prefixes are the intranet's. Reverse look-ups of addresses in them go through the tunnel.
	Prefixes []netip.Prefix
	// BypassNames are always queried directly, because the tunnel itself needs them.
	BypassNames []string
	// Servers are the intranet's name servers, in the order in which they are queried.
	Servers []netip.Addr
	// IPv6 means that IPv6 addresses can be reached through the tunnel. Otherwise AAAA queries for the intranet get an empty
	// answer without being forwarded.
	IPv6 bool
}

// upstream is a group of name servers.
type upstream int

const (
	tunneled upstream = iota
	direct
	// needed is direct, for a name that the tunnel itself needs.
	needed
	// upstreams is the number of upstreams.
	upstreams
)

// policy returns the rules in the form of package router.
func (r Rules) policy() *router.Policy {
	if r.AllNames {
		return &router.Policy{NameServers: true, Search: r.Search}
	}
	return &router.Policy{Domains: r.Domains, Search: r.Search}
}

// question returns the upstream of a query, and which names are queried before.
func (r Rules) question(name string, search func() router.Search) (upstream, router.Question) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if slices.Contains(r.BypassNames, name) {
		return needed, router.Question{}
	}
	policy := r.policy()
	if policy.Name(name) || r.reverse(name) {
		return tunneled, router.Question{Tunneled: true}
	}
	q := policy.Question(name, search())
	if len(q.First) > 0 {
		// It counts as a query through the tunnel, so that a name server there that does not answer cannot block direct queries.
		return tunneled, q
	}
	return direct, q
}

// reverse is true for the reverse name of an address, or of a zone, that lies in the intranet.
func (r Rules) reverse(name string) bool {
	prefix, ok := ReversePrefix(name)
	return ok && slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool {
		return p.Bits() > 0 && p.Bits() <= prefix.Bits() && p.Contains(prefix.Addr())
	})
}

// decision is what to do with one message.
type decision struct {
	// drop means that the message cannot be answered.
	drop bool
	// reply is the answer if no name server is needed; nil if one is.
	reply    *dns.Msg
	upstream upstream
	question dns.Question
	query    *dns.Msg
	// first are names to query through the tunnel; the query goes directly only if none of them exists.
	first []string
	// inFull means that the query is sent directly even if one of them exists, once they have been answered.
	inFull bool
}

// decide parses a message and returns what to do with it; search is the host's search list. It is pure.
func decide(message []byte, rules Rules, search func() router.Search) decision {
	query := new(dns.Msg)
	if err := query.Unpack(message); err != nil || query.Response {
		return decision{drop: true}
	}
	answer := func(code int) decision { return decision{reply: reply(query, code), query: query} }
	switch {
	case query.Opcode != dns.OpcodeQuery:
		return answer(dns.RcodeNotImplemented)
	case len(query.Question) != 1:
		return answer(dns.RcodeFormatError)
	}
	q := query.Question[0]
	by, asked := rules.question(q.Name, search)
	d := decision{upstream: by, question: q, query: query, first: asked.First, inFull: asked.InFull}
	switch {
	case q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR:
		return answer(dns.RcodeRefused)
	case asked.Nonexistent:
		return answer(dns.RcodeNameError)
	case d.upstream == tunneled && len(d.first) == 0 && q.Qtype == dns.TypeAAAA && !rules.IPv6:
		return answer(dns.RcodeSuccess)
	}
	return d
}

// outgoing returns the message for a name server: unchanged, except for a smaller EDNS size that avoids fragmentation.
func (d decision) outgoing(message []byte) []byte {
	option := d.query.IsEdns0()
	if option == nil || option.UDPSize() <= resolver.Datagram || d.query.IsTsig() != nil {
		return message
	}
	option.SetUDPSize(resolver.Datagram)
	if smaller, err := d.query.Pack(); err == nil {
		return smaller
	}
	return message
}

// failed returns the answer if no name server has answered.
func (d decision) failed() *dns.Msg { return reply(d.query, dns.RcodeServerFailure) }

// drained returns the answer during Drain, which is empty. After SERVFAIL, programs would retry or query another server; after
// NXDOMAIN, systemd-resolved retries without EDNS.
func (d decision) drained() *dns.Msg { return reply(d.query, dns.RcodeSuccess) }

// reply returns an answer that has only a response code.
func reply(query *dns.Msg, code int) *dns.Msg {
	m := new(dns.Msg)
	m.SetRcode(query, code)
	m.RecursionAvailable = true
	if option := query.IsEdns0(); option != nil {
		// Without it, systemd-resolved downgrades this server to plain DNS without EDNS.
		m.SetEdns0(resolver.Datagram, option.Do())
	}
	return m
}
