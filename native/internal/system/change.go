package system

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/guard"
)

// ChangeKind says which part of the machine a Change touches.
type ChangeKind string

const (
	// ChangeLink is the tunnel's own link: its mark of ownership, its MTU, and that it is up.
	ChangeLink ChangeKind = "link"
	// ChangeAddress is an address on the tunnel's own link.
	ChangeAddress ChangeKind = "address"
	// ChangeRoute is a route.
	ChangeRoute ChangeKind = "route"
	// ChangeRule is a policy rule.
	ChangeRule ChangeKind = "rule"
	// ChangeGuard is what holds packets back that would leave by another way than the tunnel.
	ChangeGuard ChangeKind = "guard"
	// ChangeNames is who is asked for names.
	ChangeNames ChangeKind = "names"
	// ChangeFile is a part of a file that is ours. It outlives a boot.
	ChangeFile ChangeKind = "file"
)

// Change is one thing that is done to the machine, and all that is needed to undo it. It carries values, never paths or
// commands that somebody outside named. Exactly the field of its kind is set.
type Change struct {
	Kind    ChangeKind  `json:"kind"`
	Link    *Link       `json:"link,omitempty"`
	Address *Address    `json:"address,omitempty"`
	Route   *Route      `json:"route,omitempty"`
	Rule    *Rule       `json:"rule,omitempty"`
	Guard   *guard.Spec `json:"guard,omitempty"`
	Names   *dns.Names  `json:"names,omitempty"`
	File    *File       `json:"file,omitempty"`
}

// Link is the tunnel's link as it should be.
type Link struct {
	Name string `json:"name"`
	// MTU, bytes.
	MTU int `json:"mtu"`
}

// Address is an inner address of the client on the tunnel's link.
type Address struct {
	Link   string       `json:"link"`
	Prefix netip.Prefix `json:"prefix"`
}

// RouteKind is what a route does with a packet.
type RouteKind string

const (
	// RouteVia sends it by a link.
	RouteVia RouteKind = "via"
	// RouteUnreachable refuses it at once: what an intranet prefix does while there is no link to go by.
	RouteUnreachable RouteKind = "unreachable"
	// RouteThrow leaves the table: the rules after ours decide, as if we were not there.
	RouteThrow RouteKind = "throw"
)

// Route is a route of ours, or one that was found on the machine.
type Route struct {
	// Table is 0 on systems without several tables.
	Table       uint32       `json:"table"`
	Destination netip.Prefix `json:"destination"`
	Kind        RouteKind    `json:"kind"`
	Link        string       `json:"link,omitempty"`
	// Gateway is invalid for what is on the link itself.
	Gateway netip.Addr `json:"gateway,omitzero"`
	// Source is the address that packets of this machine get; invalid = the system chooses.
	Source netip.Addr `json:"source,omitzero"`
	// Metric: of two routes to the same destination the lower one wins.
	Metric uint32 `json:"metric,omitempty"`
	// Ours is true if it carries our mark of ownership. Only for what was found.
	Ours bool `json:"-"`
}

// Rule is a policy rule of ours, or one that was found. Rules are gone through by ascending priority.
type Rule struct {
	Priority uint32 `json:"priority"`
	// IPv6 or else IPv4: a rule is of one family.
	IPv6 bool `json:"ipv6"`
	// Mark is the firewall mark that is compared; Not turns the comparison round.
	Mark uint32 `json:"mark,omitempty"`
	Not  bool   `json:"not,omitempty"`
	// SuppressDefault passes over a default route that the table gives.
	SuppressDefault bool   `json:"suppressDefault,omitempty"`
	Table           uint32 `json:"table"`
	// Ours is true if it carries our mark of ownership. Only for what was found.
	Ours bool `json:"-"`
	// Other is true if it looks at something that is not modelled here (source, interface, ports). Only for what was found.
	Other bool `json:"-"`
}

// File is what is ours in a file of the system: the lines between our two marker lines. The path is one of a fixed set.
type File struct {
	Path string `json:"path"`
}

// SurvivesBoot is true for what is still there after a restart of the machine.
func (c Change) SurvivesBoot() bool {
	return c.Kind == ChangeFile || c.Kind == ChangeNames && c.Names.Backend == dns.File
}

// Place is where a change is made. A later change in the same place has taken the earlier one's, which is not there to be
// undone any more.
func (c Change) Place() string {
	if c.Kind == ChangeNames {
		return fmt.Sprintf("names %s %s %s", c.Names.Backend, c.Names.Link, c.Names.Path)
	}
	return c.Key()
}

// Key is the same for two changes exactly if they are the same change.
func (c Change) Key() string {
	if c.Kind == ChangeGuard {
		// Of a guard that is found, no more is known.
		return "guard " + c.Guard.Digest()
	}
	text, err := json.Marshal(c)
	if err != nil {
		// Only values that always can be written are in it.
		panic(err)
	}
	return string(text)
}

// String says it for people: in `sag repair` and in logs.
func (c Change) String() string {
	switch c.Kind {
	case ChangeLink:
		return fmt.Sprintf("link %s mtu %d", c.Link.Name, c.Link.MTU)
	case ChangeAddress:
		return fmt.Sprintf("address %s on %s", c.Address.Prefix, c.Address.Link)
	case ChangeRoute:
		return "route " + c.Route.String()
	case ChangeRule:
		return "rule " + c.Rule.String()
	case ChangeGuard:
		return "guard " + c.Guard.String()
	case ChangeNames:
		return c.Names.String()
	case ChangeFile:
		return "our lines in " + c.File.Path
	}
	return string(c.Kind)
}

// String is close to what `ip route` prints.
func (r Route) String() string {
	var b strings.Builder
	if r.Kind != RouteVia {
		b.WriteString(string(r.Kind) + " ")
	}
	b.WriteString(r.Destination.String())
	if r.Gateway.IsValid() {
		b.WriteString(" via " + r.Gateway.String())
	}
	if r.Link != "" {
		b.WriteString(" dev " + r.Link)
	}
	if r.Table != 0 {
		fmt.Fprintf(&b, " table %d", r.Table)
	}
	return b.String()
}

// String is close to what `ip rule` prints.
func (r Rule) String() string {
	family, not := "IPv4", ""
	if r.IPv6 {
		family = "IPv6"
	}
	if r.Not {
		not = "not "
	}
	mark := ""
	if r.Mark != 0 {
		mark = fmt.Sprintf(" %sfwmark %#x", not, r.Mark)
	}
	return fmt.Sprintf("%d (%s)%s lookup %d", r.Priority, family, mark, r.Table)
}
