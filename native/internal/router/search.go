package router

import (
	"slices"
	"strings"
)

// Search is the search list of the host's resolver, as in resolv.conf.
type Search struct {
	// Domains are lower-case, without a trailing dot, in order.
	Domains []string
	// Ndots is how many dots a name needs to be tried unchanged before the list is applied.
	Ndots int
}

// DefaultNdots is the C library's default.
const DefaultNdots = 1

// Candidate is one complete name that a name as written can stand for.
type Candidate struct {
	Name string
	// Tunneled names are queried at the intranet's name servers only.
	Tunneled bool
}

// Candidates returns the complete names that a name as written can stand for, in the order in which they are tried; the
// first one that exists is used. A name of the intranet is never completed with a search domain of the host, because that
// query would leave the host outside the tunnel. A name that may be a short name of the intranet is queried there first,
// and elsewhere only if it does not exist there.
func (p *Policy) Candidates(h Host, machine Search) []Candidate {
	whole := Candidate{h.Name, p.Name(h.Name)}
	if h.Absolute || Localhost(h.Name) || len(p.Domains) > 0 && whole.Tunneled {
		return []Candidate{whole}
	}
	var completed []Candidate
	add := func(domain string) {
		name := h.Name + "." + domain
		c := Candidate{name, p.Name(name)}
		if wellFormed(name) && !slices.Contains(completed, c) {
			completed = append(completed, c)
		}
	}
	for _, domain := range p.Search {
		add(domain)
	}
	for _, domain := range machine.Domains {
		add(domain)
	}
	all := append(completed, whole)
	if strings.Count(h.Name, ".") >= max(machine.Ndots, DefaultNdots) {
		all = append([]Candidate{whole}, completed...)
	}
	if Short(h.Name) {
		slices.SortStableFunc(all, func(a, b Candidate) int { return order(b.Tunneled) - order(a.Tunneled) })
	}
	return all
}

func order(tunneled bool) int {
	if tunneled {
		return 1
	}
	return 0
}

// Question is what to do with a DNS query of a program on the host. Programs apply search lists themselves, so the query
// can be for any candidate, and the name as written is not known here.
type Question struct {
	// Tunneled queries are sent to the intranet's name servers.
	Tunneled bool
	// Nonexistent queries are answered with NXDOMAIN: the name is one of the intranet's, completed with a search domain of
	// the host.
	Nonexistent bool
	// First are names to query through the tunnel before the query may be sent directly. If one of them exists, the answer
	// is NXDOMAIN, so that the program goes on to that name.
	First []string
	// InFull means that the name may be fully qualified, so the query is sent directly even if one of First exists. It
	// still waits for their answers.
	InFull bool
}

// Question decides about a complete name, lower-case and without a trailing dot.
func (p *Policy) Question(name string, machine Search) Question {
	if p.Name(name) {
		return Question{Tunneled: true}
	}
	if Localhost(name) {
		return Question{}
	}
	written := name
	for _, domain := range machine.Domains {
		// If one search domain is below another, the longest match counts.
		if rest, ok := strings.CutSuffix(name, "."+domain); ok && len(rest) < len(written) {
			written = rest
		}
	}
	if written != name && strings.Contains(written, ".") && p.Name(written) {
		return Question{Nonexistent: true}
	}
	if !Short(written) {
		return Question{}
	}
	var first []string
	for _, c := range p.Candidates(Host{Name: written}, machine) {
		if c.Tunneled {
			first = append(first, c.Name)
		}
	}
	return Question{First: first, InFull: written != name && Private(name) && p.completed(written, first)}
}

// completed reports whether all of these are the name with a search domain of the intranet. Programs try those before the
// host's own search domains.
func (p *Policy) completed(name string, all []string) bool {
	for _, one := range all {
		if domain, ok := strings.CutPrefix(one, name+"."); !ok || !slices.Contains(p.Search, domain) {
			return false
		}
	}
	return len(all) > 0
}
