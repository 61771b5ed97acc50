// Package route is a host's links, addresses and routes as a tunnel uses them: read, changed and given back. There is one file for
// each operating system. What should be there is decided elsewhere (hostnet/plan), and what was changed is remembered elsewhere
// (hostnet/journal).
package route

import (
	"context"
	"net/netip"

	"sag.software/native/internal/msg"
)

// ErrNotSupported is the error on operating systems that this is not written for.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedSystemMode()}

// ErrConflict means that something of another program's is where an item should go.
var ErrConflict error = &msg.Error{Message: msg.PlaceTaken()}

// Item is what a Router sets and clears: a Link, an Address, a Route or a Steering.
type Item interface{ item() }

// Router changes a host's links, addresses and routes. It never changes what is not marked as the tunnel's.
type Router interface {
	// Set makes an item as desired. It does nothing if it is so already, and answers ErrConflict if another program's is in its place.
	Set(Item) error
	// Clear removes an item; false if there is none. A Link goes with the process that holds it.
	Clear(Item) (bool, error)
	// Status reads what is there.
	Status() (Status, error)
	// Watch calls changed for every change of links, addresses, routes and rules, until the context ends.
	Watch(ctx context.Context, changed func()) error
	// LastRemover describes the program that was last seen to remove a route or rule of the tunnel's; empty if none was.
	LastRemover() string
	// ForgetNeighbours ends what the host is asking its links about addresses that are dropped from now on.
	ForgetNeighbours(dropped func(to netip.Addr, link string) bool)
	Capabilities() Capabilities
}

// Capabilities say what an operating system can do with routes.
type Capabilities uint

const (
	// Scopes: the tunnel's routes are kept apart from the host's, and come before all of them (Steering). Without it, a route wins by
	// being longer.
	Scopes Capabilities = 1 << iota
	// IPv6 is switched on for the tunnel's link, or will be for one that is made.
	IPv6
	// Refusals: there are routes that refuse packets.
	Refusals
)

// Has is true if all of some capabilities are there.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Link is the tunnel's link as it should be.
type Link struct {
	Name string `json:"name"`
	// MTU, bytes.
	MTU int `json:"mtu"`
}

// Address is an address of the client's on the tunnel's link.
type Address struct {
	Link   string       `json:"link"`
	Prefix netip.Prefix `json:"prefix"`
}

// Kind is what a route does with a packet.
type Kind string

const (
	// Via sends it by a link.
	Via Kind = "via"
	// Unreachable refuses it at once: what happens to packets for a tunneled prefix while there is no link for them.
	Unreachable Kind = "unreachable"
	// Bypass leaves it to the host's routes, as if there were no tunnel. Only in the tunnel's scope.
	Bypass Kind = "throw"
)

// Scope says among which routes a route is. Where a system does not have Scopes, all routes are in the host's.
type Scope string

const (
	// Host: the routes that every program's packets take without a tunnel.
	Host Scope = ""
	// Tunnel: the tunnel's routes, which come before the host's for all but the tunnel's own traffic.
	Tunnel Scope = "tunnel"
	// Elsewhere: other programs' routes that only some packets take. Only found.
	Elsewhere Scope = "elsewhere"
)

// Route is a route, desired or found.
type Route struct {
	Scope       Scope        `json:"scope,omitempty"`
	Destination netip.Prefix `json:"destination"`
	Kind        Kind         `json:"kind"`
	Link        string       `json:"link,omitempty"`
	// Gateway is invalid for what is on the link itself.
	Gateway netip.Addr `json:"gateway,omitzero"`
	// Source is the address that packets of this host get; invalid = the system chooses.
	Source netip.Addr `json:"source,omitzero"`
	// Metric: of two routes to the same destination the lower one wins.
	Metric uint32 `json:"metric,omitempty"`
	// Owned is true if it carries the tunnel's mark. Only of found routes.
	Owned bool `json:"-"`
	// native is what the operating system says beside that of a found route.
	native nativeRoute
}

// Steering has packets of one IP version look for their way among the tunnel's routes first. The tunnel's own traffic does not.
type Steering struct {
	IPv6 bool `json:"ipv6"`
	// Ineffective: another program's setting comes before it, or another program has changed it. Set for found ones only.
	Ineffective bool `json:"-"`
	// native is what the operating system says beside that of a found one.
	native nativeSteering
}

func (Link) item()     {}
func (Address) item()  {}
func (Route) item()    {}
func (Steering) item() {}

// Desired is a route as it is desired, without what is only known of found routes.
func (r Route) Desired() Route {
	r.Owned, r.native = false, nativeRoute{}
	return r
}

// LinkStatus is a link that was found.
type LinkStatus struct {
	Name string
	// Kind as the system calls it: "tun", "bridge", "wireguard", "" for a physical one.
	Kind string
	Up   bool
	// Owned is true if it carries the tunnel's mark.
	Owned     bool
	MTU       int
	Addresses []netip.Prefix
}

// Status is what was found on a host.
type Status struct {
	Capabilities Capabilities
	Links        []LinkStatus
	Routes       []Route
	// Steering are the tunnel's.
	Steering []Steering
	// Blocked is true if another program's setting comes before any Steering that could be.
	Blocked bool
	// Rival is the link that it leads to; empty if that is not known.
	Rival string
}

// Tunnel is the name of the tunnel's link; empty if there is none.
func (s Status) Tunnel() string {
	for _, l := range s.Links {
		if l.Owned {
			return l.Name
		}
	}
	return ""
}

// Link finds a link by name.
func (s Status) Link(name string) (LinkStatus, bool) {
	for _, l := range s.Links {
		if l.Name == name {
			return l, true
		}
	}
	return LinkStatus{}, false
}
