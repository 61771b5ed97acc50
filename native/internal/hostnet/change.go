package hostnet

import (
	"encoding/json"
	"fmt"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// ChangeKind is the part of the host that a Change affects. The values are written to journals.
type ChangeKind string

const (
	// ChangeLink is the tunnel's link: its ownership mark, its MTU, and that it is up.
	ChangeLink ChangeKind = "link"
	// ChangeAddress is an address on the tunnel's link.
	ChangeAddress ChangeKind = "address"
	// ChangeRoute is a route.
	ChangeRoute ChangeKind = "route"
	// ChangeSteering is a routing rule that selects the tunnel's routing table first.
	ChangeSteering ChangeKind = "steering"
	// ChangeKillSwitch is the firewall that drops packets that would leave outside the tunnel.
	ChangeKillSwitch ChangeKind = "killSwitch"
	// ChangeNames is the DNS configuration.
	ChangeNames ChangeKind = "names"
)

// Change is one change to the host, with everything needed to undo it. It contains values only, never paths or commands from a
// third party. Exactly one field is set, the one of its kind.
type Change struct {
	Kind       ChangeKind         `json:"kind"`
	Link       *route.Link        `json:"link,omitempty"`
	Address    *route.Address     `json:"address,omitempty"`
	Route      *route.Route       `json:"route,omitempty"`
	Steering   *route.Steering    `json:"steering,omitempty"`
	KillSwitch *killswitch.Config `json:"killSwitch,omitempty"`
	Names      *dns.Names         `json:"names,omitempty"`
}

// Whole is true if the kind is known and its field is set. Journals of other versions may contain others.
func (c Change) Whole() bool {
	switch c.Kind {
	case ChangeKillSwitch:
		return c.KillSwitch != nil
	case ChangeNames:
		return c.Names != nil
	}
	return c.item() != nil
}

// item returns the part of a change that package route handles, nil if there is none.
func (c Change) item() route.Item {
	switch {
	case c.Kind == ChangeLink && c.Link != nil:
		return *c.Link
	case c.Kind == ChangeAddress && c.Address != nil:
		return *c.Address
	case c.Kind == ChangeRoute && c.Route != nil:
		return *c.Route
	case c.Kind == ChangeSteering && c.Steering != nil:
		return *c.Steering
	}
	return nil
}

// SurvivesBoot is true if the change is still in force after a restart of the host.
func (c Change) SurvivesBoot() bool {
	return c.Kind == ChangeNames && c.Names.Backend.Capabilities().Has(dns.SurvivesBoot)
}

// Place is where a change is made. A later change in the same place replaces the earlier one, so only the later one has to be
// undone.
func (c Change) Place() string {
	switch {
	case c.Kind == ChangeNames && c.Names.Backend == dns.File:
		// Entries found in a file do not name the link they were made for.
		return "names in " + c.Names.Path
	case c.Kind == ChangeNames:
		return fmt.Sprintf("names %s %s", c.Names.Backend, c.Names.Link)
	}
	return c.Key()
}

// Key is equal for two changes exactly if they are the same.
func (c Change) Key() string {
	if c.Kind == ChangeKillSwitch {
		// Of a kill switch found on the host only the digest is known.
		return "kill switch " + c.KillSwitch.Digest()
	}
	text, err := json.Marshal(c)
	if err != nil {
		// A Change contains only values that JSON can encode.
		panic(err)
	}
	return string(text)
}

// String describes the change for `sag repair` and logs.
func (c Change) String() string {
	switch c.Kind {
	case ChangeLink:
		return fmt.Sprintf("link %s mtu %d", c.Link.Name, c.Link.MTU)
	case ChangeAddress:
		return fmt.Sprintf("address %s on %s", c.Address.Prefix, c.Address.Link)
	case ChangeRoute:
		return "route " + c.Route.String()
	case ChangeSteering:
		return "rule " + c.Steering.String()
	case ChangeKillSwitch:
		return "kill switch " + c.KillSwitch.String()
	case ChangeNames:
		return c.Names.String()
	}
	return string(c.Kind)
}
