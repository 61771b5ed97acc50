// Package dns reads, changes and restores the host's DNS configuration. The host's only name server becomes the forwarder
// (hostnet/dns/forward), whatever manages the configuration, so that one place decides which queries go through the tunnel. This
// package does not depend on routes or sessions.
package dns

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"sag.software/native/internal/msg"
)

// Backend is what manages the host's DNS configuration.
type Backend string

const (
	// Resolved is systemd-resolved, with servers and domains per link.
	Resolved Backend = "systemd-resolved"
	// NetworkManager writes /etc/resolv.conf from its connections.
	NetworkManager Backend = "NetworkManager"
	// File is /etc/resolv.conf without a program that manages it.
	File Backend = "file"
)

// Capabilities are what a backend supports.
type Capabilities uint

const (
	// SplitDomains means that only queries for the intranet's domains are sent to the forwarder. Without it, all queries are.
	SplitDomains Capabilities = 1 << iota
	// PerLink means that the settings belong to the tunnel's link and disappear with it.
	PerLink
	// SurvivesBoot means that the settings are still in force after a restart of the host.
	SurvivesBoot
)

// Has is true if all the given capabilities are present.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Capabilities returns the capabilities of a backend.
func (b Backend) Capabilities() Capabilities {
	switch b {
	case Resolved:
		return SplitDomains | PerLink
	case File:
		return SurvivesBoot
	}
	return 0
}

// ErrRefused means that the host's DNS configuration cannot be changed. Nothing was changed.
var ErrRefused error = &msg.Error{Message: msg.DNSRefused()}

// errUnknownBackend is the ErrRefused for a backend that this version does not have, for example in the journal of a later version.
func errUnknownBackend(b Backend) error {
	return &msg.Error{Message: msg.DNSBackendUnknown(string(b)), Under: ErrRefused}
}

// ErrReadOnly is an ErrRefused for a file that cannot be written.
var ErrReadOnly = fmt.Errorf("%w", ErrRefused)

// Names is this program's part of the host's DNS configuration.
type Names struct {
	Backend Backend `json:"backend"`
	// Link is the tunnel's link, for backends with settings per link.
	Link string `json:"link"`
	// Path is the file with this program's lines, with symbolic links resolved; only for File.
	Path string `json:"path,omitempty"`
	// Resolver is the address of the forwarder.
	Resolver netip.Addr `json:"resolver"`
	// Domains are queried through the tunnel with all names below them, including reverse zones; without a trailing dot.
	Domains []string `json:"domains,omitempty"`
	// Everything means that all names are queried through the tunnel.
	Everything bool `json:"everything,omitempty"`
	// Search are the search domains, in order, before the host's other ones.
	Search []string `json:"search,omitempty"`
}

// String describes the configuration for people.
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
	return fmt.Sprintf("DNS server %s%s in %s", n.Resolver, what, where)
}

// Status is the host's current DNS configuration.
type Status struct {
	Backend Backend
	// Why explains how the backend was detected, for people.
	Why string
	// Away is a backend that normally manages the name servers but is not running: it is being restarted, or was stopped.
	Away Backend
	// Path is /etc/resolv.conf with symbolic links resolved.
	Path string
	// Others are other name servers in the file.
	Others []netip.Addr
	// Search is the search list of others in the file.
	Search []string
	// Ours is this program's configuration that is in force; nil if there is none.
	Ours *Names
	// Rival is another program that writes the file, empty if unknown.
	Rival string
}

// Has is true if this configuration is in force.
func (f Status) Has(n Names) bool {
	if f.Ours == nil || f.Backend != n.Backend || f.Ours.Resolver != n.Resolver {
		return false
	}
	switch n.Backend {
	case File:
		// A file has no domains; only the forwarder uses them.
		return slices.Equal(f.Ours.Search, wholeSearch(n.Search, f.Search))
	case Resolved:
		return f.Ours.Link == n.Link && f.Ours.Everything == n.Everything && sameSet(f.Ours.Search, n.Search) &&
			sameSet(slices.Concat(f.Ours.Domains, f.Ours.Search), slices.Concat(n.Domains, n.Search))
	case NetworkManager:
		// It does not report which domains were set; systemBus.setManager compares them.
		return true
	}
	return false
}

// Equal is true if both are the same.
func (f Status) Equal(other Status) bool { return reflect.DeepEqual(f, other) }

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
