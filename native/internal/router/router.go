// Package router decides what goes through the tunnel, what goes directly, and what is refused: for addresses, for names,
// and for the search lists that complete short names. Every entry point uses it (SOCKS, HTTP proxy, PAC file, ping, the DNS
// forwarder of system mode), so that they all decide alike. It is pure.
package router

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Outcome is where a connection or query goes.
type Outcome int

// The outcomes of an address.
const (
	Direct Outcome = iota
	Tunneled
	Refused
)

// String returns the outcome's name.
func (o Outcome) String() string { return [...]string{"direct", "tunneled", "refused"}[o] }

// Policy combines a session's settings with the user's options. It is immutable.
type Policy struct {
	// Routes are the intranet's prefixes.
	Routes []netip.Prefix
	// FullTunnel sends everything through the tunnel except addresses of the host and its links.
	FullTunnel bool
	// NameServers is set if the intranet has name servers.
	NameServers bool
	// Domains and all names below them are resolved by the intranet's name servers only; lower-case, without a trailing
	// dot. Empty = all names.
	Domains []string
	// Search are the intranet's search domains, in order.
	Search []string
	// RefuseDirect refuses what does not go through the tunnel.
	RefuseDirect bool
}

// Address decides by the address alone, whichever name it was resolved from.
func (p *Policy) Address(a netip.Addr) Outcome {
	switch a = a.Unmap().WithZone(""); {
	case !local(a) && (p.FullTunnel || slices.ContainsFunc(p.Routes, func(r netip.Prefix) bool { return r.Contains(a) })):
		return Tunneled
	case p.RefuseDirect:
		return Refused
	}
	return Direct
}

// Name reports whether a name, as ParseHost returns it, must be resolved by the intranet's name servers only.
func (p *Policy) Name(name string) bool {
	if Localhost(name) {
		return false
	}
	if len(p.Domains) == 0 && p.NameServers {
		return true
	}
	return Below(name, p.Domains) || Below(name, p.Search)
}

// IPv6 reports whether any IPv6 address is tunneled.
func (p *Policy) IPv6() bool {
	return p.FullTunnel || slices.ContainsFunc(p.Routes, func(r netip.Prefix) bool { return r.Addr().Is6() })
}

// Reaches reports whether any address is tunneled.
func (p *Policy) Reaches() bool { return p.FullTunnel || len(p.Routes) > 0 }

// Below reports whether a name is one of the domains or below one of them.
func Below(name string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool {
		return len(name) >= len(d) && strings.HasSuffix(name, d) && (len(name) == len(d) || name[len(name)-len(d)-1] == '.')
	})
}

// Localhost reports whether a name means the host itself (RFC 6761, 6.3).
func Localhost(name string) bool { return name == "localhost" || strings.HasSuffix(name, ".localhost") }

// local reports whether an address is the host's own, link-local or multicast.
func local(a netip.Addr) bool {
	return a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast()
}

// Short reports whether a name cannot be a public one: it has one label, or its last label is neither a top-level domain
// nor a private domain of local networks. Such names usually have to be completed ("payroll", "git.eng").
func Short(name string) bool {
	if !strings.Contains(name, ".") {
		return true
	}
	if Private(name) {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	return !icann && !strings.Contains(suffix, ".")
}
