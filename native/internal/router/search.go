package router

import (
	"slices"
	"strings"
)

// Search is the search list of the host's resolver, as in resolv.conf.
type Search struct {
	// Domains are lower-case, without a dot at the end, in order.
	Domains []string
	// Ndots is how many dots a name needs to be tried as it stands before the list is.
	Ndots int
}

// DefaultNdots is the C library's default.
const DefaultNdots = 1

// Candidate is one complete name that a written name can mean.
type Candidate struct {
	Name string
	// Tunneled names are queried at the intranet's name servers only.
	Tunneled bool
}

// Candidates are the complete names that a written name can mean, in the order in which they are tried; the first one that
// exists is used. A name of the intranet is never completed with a domain of the host: the query would leave directly.
// What can be a short name of the intranet is queried there first, and elsewhere only if it does not exist there.
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

// Question is what to do with a DNS query of a program on the host. Programs complete names
// themselves, so the query may be for any candidate of a name that is not known here.
type Question struct {
	// Tunneled: it is sent to the intranet's name servers.
	Tunneled bool
	// Nonexistent: it is answered with NXDOMAIN. It is a name of the intranet that was completed with a domain
	// of the host.
	Nonexistent bool
	// First are names to query through the tunnel before the query may leave directly. If one of them exists, the answer is
	// NXDOMAIN, and the program goes on to that one.
	First []string
	// InFull: the name may be fully qualified, so the query leaves directly even if one of the First exists. They must
	// have been answered before.
	InFull bool
}

// Question decides about a complete name, lower-case and without a dot at the end.
func (p *Policy) Question(name string, machine Search) Question {
	if p.Name(name) {
		return Question{Tunneled: true}
	}
	if Localhost(name) {
		return Question{}
	}
	written := name
	for _, domain := range machine.Domains {
		// The longest one, if one is below another.
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

// completed says whether all of these are a name with a search domain of the intranet, which programs try before the machine's own.
func (p *Policy) completed(name string, all []string) bool {
	for _, one := range all {
		if domain, ok := strings.CutPrefix(one, name+"."); !ok || !slices.Contains(p.Search, domain) {
			return false
		}
	}
	return len(all) > 0
}
