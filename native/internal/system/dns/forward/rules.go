// Package forward answers the machine's own questions for names: names of the intranet by its name servers, through the
// tunnel and never otherwise, all others by the name servers that the machine had. It keeps nothing and changes nothing in a
// question or an answer but its number.
package forward

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Rules are what is asked where.
type Rules struct {
	// Domains are asked inside, with all below them; lower-case, without a dot at the end.
	Domains []string
	// Everything is asked inside, whatever the domains.
	Everything bool
	// Prefixes are the intranet's: who has an address in them is asked inside, too.
	Prefixes []netip.Prefix
	// Never are names that are asked outside all the same: without them there would be no tunnel to ask through.
	Never []string
	// Servers answer inside, in the order in which they are asked.
	Servers []netip.Addr
	// IPv6 addresses can be reached inside. If not, nobody inside is asked for them, and nobody is told of them.
	IPv6 bool
}

// way is where a question goes.
type way int

const (
	inside way = iota
	outside
	// needed is outside, for a name that the tunnel itself needs.
	needed
	// ways is how many there are.
	ways
)

// way decides by the name alone.
func (r Rules) way(name string) way {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	switch {
	case slices.Contains(r.Never, name):
		return needed
	case r.Everything, within(name, r.Domains), r.reverse(name):
		return inside
	}
	return outside
}

func within(name string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool {
		return name == d || strings.HasSuffix(name, "."+d)
	})
}

// reverse is true for the name of an address, or of a zone of addresses, that lies in the intranet.
func (r Rules) reverse(name string) bool {
	prefix, ok := ReversePrefix(name)
	return ok && slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool {
		return p.Bits() > 0 && p.Bits() <= prefix.Bits() && p.Contains(prefix.Addr())
	})
}

// decision is what happens with one message.
type decision struct {
	// drop: there is nothing that could be answered.
	drop bool
	// reply is the answer that needs nobody else; nil if somebody is to be asked.
	reply    *dns.Msg
	way      way
	question dns.Question
	query    *dns.Msg
}

// decide understands a message and says what is to be done. Pure.
func decide(message []byte, rules Rules) decision {
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
	d := decision{way: rules.way(q.Name), question: q, query: query}
	switch {
	case q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR:
		return answer(dns.RcodeRefused)
	case d.way == inside && q.Qtype == dns.TypeAAAA && !rules.IPv6:
		return answer(dns.RcodeSuccess)
	}
	return d
}

// toAsk is the message as a server is asked it: as it came, but never for an answer that would travel in pieces.
func (d decision) toAsk(message []byte) []byte {
	option := d.query.IsEdns0()
	if option == nil || option.UDPSize() <= datagram || d.query.IsTsig() != nil {
		return message
	}
	option.SetUDPSize(datagram)
	if smaller, err := d.query.Pack(); err == nil {
		return smaller
	}
	return message
}

// failed is the answer when nobody has answered.
func (d decision) failed() *dns.Msg { return reply(d.query, dns.RcodeServerFailure) }

// dismissed is the answer when the intranet is being left: nothing is known of the name any more. Told of a failure, programs
// would try again or ask somebody else; told that there is no such name, systemd-resolved asks once more in plainer words.
func (d decision) dismissed() *dns.Msg { return reply(d.query, dns.RcodeSuccess) }

// reply is an answer that is nothing but its code.
func reply(query *dns.Msg, code int) *dns.Msg {
	m := new(dns.Msg)
	m.SetRcode(query, code)
	m.RecursionAvailable = true
	if option := query.IsEdns0(); option != nil {
		// Without it, systemd-resolved takes us for somebody who knows nothing newer than 1987.
		m.SetEdns0(datagram, option.Do())
	}
	return m
}
