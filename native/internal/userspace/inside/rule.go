// Package inside decides what belongs to the intranet, and reaches it there or outside.
package inside

import (
	"net/netip"
	"strings"
)

// Rule says what is inside. It never changes: another session's profile is another Rule.
type Rule struct {
	// Routes are the prefixes that are inside.
	Routes []netip.Prefix
	// Everything is inside but what belongs to this machine (full tunnel).
	Everything bool
	// NameServers says that there are name servers inside.
	NameServers bool
	// Domains are lower-case, without a dot at the end. None = all names, if there are name servers.
	Domains []string
	// RefuseOutside forbids what is not inside.
	RefuseOutside bool
}

// Address says whether an address is inside.
func (r *Rule) Address(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if own(a) {
		return false
	}
	if r.Everything {
		return true
	}
	for _, prefix := range r.Routes {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// Name says whether a name, as Normalize makes it, is asked inside and must never be outside.
func (r *Rule) Name(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return false
	}
	if len(r.Domains) == 0 {
		return r.NameServers
	}
	for _, domain := range r.Domains {
		if name == domain || len(name) > len(domain) && strings.HasSuffix(name, domain) && name[len(name)-len(domain)-1] == '.' {
			return true
		}
	}
	return false
}

// IPv6 says whether IPv6 addresses can be inside at all.
func (r *Rule) IPv6() bool {
	if r.Everything {
		return true
	}
	for _, prefix := range r.Routes {
		if prefix.Addr().Is6() {
			return true
		}
	}
	return false
}

// own are addresses that mean this machine or its link, wherever they are written.
func own(a netip.Addr) bool {
	return a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast()
}
