// Package dns is who a machine asks for names: found out, changed while it is in an intranet, and given back. The machine is
// always told to ask our own forwarder (system/dns/forward), whatever keeps its name servers, so that there is one place that
// decides what is asked inside. Nothing here knows of routes or of sessions.
package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// Backend is what keeps a machine's name servers.
type Backend string

const (
	// Resolved is systemd-resolved: servers and domains for each link.
	Resolved Backend = "systemd-resolved"
	// NetworkManager writes /etc/resolv.conf out of its connections.
	NetworkManager Backend = "NetworkManager"
	// File is /etc/resolv.conf, kept by nobody in particular.
	File Backend = "file"
)

// ErrRefused means that the name servers of this machine can not be changed, and nothing has been.
var ErrRefused = errors.New("the machine's name servers can not be changed")

// ErrReadOnly is an ErrRefused because of a file that may not be written.
var ErrReadOnly = fmt.Errorf("%w", ErrRefused)

// Names is what of a machine's name servers is ours.
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

// Found is how a machine's name servers were found.
type Found struct {
	Backend Backend
	// Why it is taken for that, in words.
	Why string
	// Away is who keeps the name servers otherwise, but does not run: it is being restarted, or it was stopped.
	Away Backend
	// Path is the file that is /etc/resolv.conf, behind all symbolic links.
	Path string
	// Others are the name servers that others want to be asked, in a file.
	Others []netip.Addr
	// Ours is what of ours is in force; nil if nothing is.
	Ours *Names
	// Rival is who else has a hand in it, as well as can be told; empty if nobody shows.
	Rival string
}

// Has is true if names are in force as they should be.
func (f Found) Has(n Names) bool {
	if f.Ours == nil || f.Backend != n.Backend || f.Ours.Resolver != n.Resolver {
		return false
	}
	if n.Backend != Resolved {
		// The forwarder alone knows of domains there.
		return true
	}
	return f.Ours.Link == n.Link && f.Ours.Everything == n.Everything && sameSet(f.Ours.Domains, n.Domains)
}

// Equal is true if both are the same.
func (f Found) Equal(other Found) bool { return reflect.DeepEqual(f, other) }

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
