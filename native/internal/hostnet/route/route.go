// Package route reads, changes and restores a host's links, addresses and routes. There is one file per operating system.
// hostnet/plan decides what to change, and hostnet/journal stores what was changed.
package route

import (
	"context"
	"net/netip"

	"sag.software/native/internal/msg"
)

// ErrNotSupported is returned on operating systems without an implementation.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedSystemMode()}

// ErrConflict means that another program's entry is in the place of an item.
var ErrConflict error = &msg.Error{Message: msg.PlaceTaken()}

// Item is a Link, an Address, a Route or a Steering.
type Item interface{ item() }

// Router changes a host's links, addresses and routes. It never changes entries without the tunnel's mark.
type Router interface {
	// Set creates or updates an item. It does nothing if the item exists already, and returns ErrConflict if another program's is
	// in its place.
	Set(Item) error
	// Clear removes an item. It returns false if there is none. A Link disappears with the process that holds it.
	Clear(Item) (bool, error)
	// Status returns the current configuration.
	Status() (Status, error)
	// Watch calls changed for every change of links, addresses, routes and rules, until the context ends.
	Watch(ctx context.Context, changed func()) error
	// LastRemover describes the program that last removed a route or rule of the tunnel; empty if none was seen.
	LastRemover() string
	// ForgetNeighbours stops neighbour discovery for addresses whose packets are dropped from now on.
	ForgetNeighbours(dropped func(to netip.Addr, link string) bool)
	Capabilities() Capabilities
}

// Capabilities are what an operating system supports.
type Capabilities uint

const (
	// Scopes means that the tunnel's routes are separate from the host's, and precede all of them (Steering). Without it, the
	// longest prefix takes precedence.
	Scopes Capabilities = 1 << iota
	// IPv6 means that IPv6 is enabled on the tunnel's link, or will be on a new one.
	IPv6
	// Refusals means that unreachable routes are supported.
	Refusals
)

// Has is true if all the given capabilities are present.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Link is the desired state of the tunnel's link.
type Link struct {
	Name string `json:"name"`
	// MTU, bytes.
	MTU int `json:"mtu"`
}

// Address is one of the client's inner addresses on the tunnel's link.
type Address struct {
	Link   string       `json:"link"`
	Prefix netip.Prefix `json:"prefix"`
}

// Kind is what a route does with a packet.
type Kind string

const (
	// Via sends it by a link.
	Via Kind = "via"
	// Unreachable refuses it immediately: packets for a tunneled prefix while there is no link.
	Unreachable Kind = "unreachable"
	// Bypass continues with the host's routes. It is only used in the tunnel's scope.
	Bypass Kind = "throw"
)

// Scope is the set of routes that a route belongs to. On systems without Scopes all routes are in Host.
type Scope string

const (
	// Host: the routes of every program's packets without a tunnel.
	Host Scope = ""
	// Tunnel: the tunnel's routes, which precede the host's for everything but the tunnel's own traffic.
	Tunnel Scope = "tunnel"
	// Elsewhere: other programs' routes that apply to some packets only. They are only found on hosts, never set.
	Elsewhere Scope = "elsewhere"
)

// Route is a desired route, or one found on the host.
type Route struct {
	Scope       Scope        `json:"scope,omitempty"`
	Destination netip.Prefix `json:"destination"`
	Kind        Kind         `json:"kind"`
	Link        string       `json:"link,omitempty"`
	// Gateway is invalid for destinations on the link itself.
	Gateway netip.Addr `json:"gateway,omitzero"`
	// Source is the source address for packets of this host; invalid = the system chooses.
	Source netip.Addr `json:"source,omitzero"`
	// Metric is the preference among routes to the same destination. The lowest is used.
	Metric uint32 `json:"metric,omitempty"`
	// Owned is true if the route carries the tunnel's mark. It is set for found routes only.
	Owned bool `json:"-"`
	// native are further properties of a found route that depend on the operating system.
	native nativeRoute
}

// Steering makes packets of one IP version use the tunnel's routes first, except the tunnel's own traffic.
type Steering struct {
	IPv6 bool `json:"ipv6"`
	// Ineffective means that another program's rule precedes it, or that another program has changed it. It is set for found ones
	// only.
	Ineffective bool `json:"-"`
	// native are further properties of a found rule that depend on the operating system.
	native nativeSteering
}

func (Link) item()     {}
func (Address) item()  {}
func (Route) item()    {}
func (Steering) item() {}

// Desired returns a found route in the form of a desired one.
func (r Route) Desired() Route {
	r.Owned, r.native = false, nativeRoute{}
	return r
}

// LinkStatus is a link found on the host.
type LinkStatus struct {
	Name string
	// Kind is the operating system's name: "tun", "bridge", "wireguard", "" for a physical link.
	Kind string
	Up   bool
	// Owned is true if the link carries the tunnel's mark.
	Owned     bool
	MTU       int
	Addresses []netip.Prefix
}

// Status is the configuration found on a host.
type Status struct {
	Capabilities Capabilities
	Links        []LinkStatus
	Routes       []Route
	// Steering are the tunnel's rules.
	Steering []Steering
	// Blocked is true if another program's rule precedes any possible Steering.
	Blocked bool
	// Rival is the link that this rule leads to; empty if unknown.
	Rival string
}

// Tunnel returns the name of the tunnel's link; empty if there is none.
func (s Status) Tunnel() string {
	for _, l := range s.Links {
		if l.Owned {
			return l.Name
		}
	}
	return ""
}

// Link returns the link with a name.
func (s Status) Link(name string) (LinkStatus, bool) {
	for _, l := range s.Links {
		if l.Name == name {
			return l, true
		}
	}
	return LinkStatus{}, false
}
