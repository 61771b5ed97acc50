// Package dns is who a host asks for names: found out, changed while it is in an intranet, and given back. The host is
// always told to ask our own forwarder (hostnet/dns/forward), whatever keeps its name servers, so that there is one place that
// decides what is asked inside. Nothing here knows of routes or of sessions.
package dns

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"sag.software/native/internal/msg"
)

// Backend is what keeps a host's name servers.
type Backend string

const (
	// Resolved is systemd-resolved: servers and domains for each link.
	Resolved Backend = "systemd-resolved"
	// NetworkManager writes /etc/resolv.conf out of its connections.
	NetworkManager Backend = "NetworkManager"
	// File is /etc/resolv.conf, kept by nobody in particular.
	File Backend = "file"
)

// Capabilities say what a backend can do.
type Capabilities uint

const (
	// SplitDomains: it asks the forwarder for the intranet's domains only. Any other one asks it for all names.
	SplitDomains Capabilities = 1 << iota
	// PerLink: what is set belongs to the tunnel's link, and goes with it.
	PerLink
	// SurvivesBoot: what is set is still there after a restart of the host.
	SurvivesBoot
)

// Has is true if all of some capabilities are there.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Capabilities of a backend.
func (b Backend) Capabilities() Capabilities {
	switch b {
	case Resolved:
		return SplitDomains | PerLink
	case File:
		return SurvivesBoot
	}
	return 0
}

// ErrRefused means that the name servers of this host can not be changed, and nothing has been.
var ErrRefused error = &msg.Error{Message: msg.DNSRefused()}

// ErrReadOnly is an ErrRefused because of a file that may not be written.
var ErrReadOnly = fmt.Errorf("%w", ErrRefused)

// Names is what of a host's name servers is ours.
type Names struct {
	Backend Backend `json:"backend"`
	// Link is the tunnel's; resolved keeps servers for each link.
	Link string `json:"link"`
	// Path is the file that our lines are in, behind all symbolic links. Only of File.
	Path string `json:"path,omitempty"`
	// Resolver is where our forwarder listens.
	Resolver netip.Addr `json:"resolver"`
	// Domains are asked inside with all below them, reverse zones included; without a dot at the end.
	Domains []string `json:"domains,omitempty"`
	// Everything is asked inside, whatever the domains.
	Everything bool `json:"everything,omitempty"`
	// Search are the domains that short names are completed with, in order, before those that the host has otherwise.
	Search []string `json:"search,omitempty"`
}

// String says it for people.
func (n Names) String() string {
	what := ""
	switch {
	case n.Everything:
		what = " (all)"
	case len(n.Domains) > 0:
		what = fmt.Sprintf(" (%s)", strings.Join(n.Domains, ", "))
	}
	where := string(n.Backend)
	if n.Backend == File {
		where = n.Path
	}
	return fmt.Sprintf("names%s asked at %s by %s", what, n.Resolver, where)
}

// Status is how a host's name servers were found.
type Status struct {
	Backend Backend
	// Why it is taken for that, in words.
	Why string
	// Away is who keeps the name servers otherwise, but does not run: it is being restarted, or it was stopped.
	Away Backend
	// Path is the file that is /etc/resolv.conf, behind all symbolic links.
	Path string
	// Others are the name servers that others want to be asked, in a file.
	Others []netip.Addr
	// Search is the search list of others, in a file.
	Search []string
	// Ours is what of ours is in force; nil if nothing is.
	Ours *Names
	// Rival is who else has a hand in it, as well as can be told; empty if nobody shows.
	Rival string
}

// Has is true if names are in force as they should be.
func (f Status) Has(n Names) bool {
	if f.Ours == nil || f.Backend != n.Backend || f.Ours.Resolver != n.Resolver {
		return false
	}
	switch n.Backend {
	case File:
		// The forwarder alone knows of domains there.
		return slices.Equal(f.Ours.Search, wholeSearch(n.Search, f.Search))
	case Resolved:
		return f.Ours.Link == n.Link && f.Ours.Everything == n.Everything && sameSet(f.Ours.Search, n.Search) &&
			sameSet(slices.Concat(f.Ours.Domains, f.Ours.Search), slices.Concat(n.Domains, n.Search))
	}
	return true
}

// Equal is true if both are the same.
func (f Status) Equal(other Status) bool { return reflect.DeepEqual(f, other) }

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
