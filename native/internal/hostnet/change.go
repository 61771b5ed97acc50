package hostnet

import (
	"encoding/json"
	"fmt"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// ChangeKind says which part of the host a Change touches. Journals hold these words.
type ChangeKind string

const (
	// ChangeLink is the tunnel's link: its mark of ownership, its MTU, and that it is up.
	ChangeLink ChangeKind = "link"
	// ChangeAddress is an address on the tunnel's link.
	ChangeAddress ChangeKind = "address"
	// ChangeRoute is a route.
	ChangeRoute ChangeKind = "route"
	// ChangeSteering has packets look among the tunnel's routes first.
	ChangeSteering ChangeKind = "steering"
	// ChangeKillSwitch is what drops packets that would leave by another way than the tunnel.
	ChangeKillSwitch ChangeKind = "killSwitch"
	// ChangeNames is where DNS queries go.
	ChangeNames ChangeKind = "names"
)

// Change is one thing that is done to the host, and all that is needed to undo it. It holds values, never paths or commands that
// somebody else named. Exactly the field of its kind is set.
type Change struct {
	Kind       ChangeKind         `json:"kind"`
	Link       *route.Link        `json:"link,omitempty"`
	Address    *route.Address     `json:"address,omitempty"`
	Route      *route.Route       `json:"route,omitempty"`
	Steering   *route.Steering    `json:"steering,omitempty"`
	KillSwitch *killswitch.Config `json:"killSwitch,omitempty"`
	Names      *dns.Names         `json:"names,omitempty"`
}

// Whole is true for a change of a known kind that has the field of its kind. Others come from journals of other versions.
func (c Change) Whole() bool {
	switch c.Kind {
	case ChangeKillSwitch:
		return c.KillSwitch != nil
	case ChangeNames:
		return c.Names != nil
	}
	return c.item() != nil
}

// item is what of a change is for the router; nil if nothing is.
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

// SurvivesBoot is true for what is still there after a restart of the host.
func (c Change) SurvivesBoot() bool {
	return c.Kind == ChangeNames && c.Names.Backend.Capabilities().Has(dns.SurvivesBoot)
}

// Place is where a change is made. A later change in the same place has replaced the earlier one, which is not there to be undone any
// more.
func (c Change) Place() string {
	switch {
	case c.Kind == ChangeNames && c.Names.Backend == dns.File:
		// Lines that are found in a file do not say for which link they were put there.
		return "names in " + c.Names.Path
	case c.Kind == ChangeNames:
		return fmt.Sprintf("names %s %s", c.Names.Backend, c.Names.Link)
	}
	return c.Key()
}

// Key is the same for two changes exactly if they are the same change.
func (c Change) Key() string {
	if c.Kind == ChangeKillSwitch {
		// Of one that was found, no more is known.
		return "kill switch " + c.KillSwitch.Digest()
	}
	text, err := json.Marshal(c)
	if err != nil {
		// It consists of values that can always be written.
		panic(err)
	}
	return string(text)
}

// String describes it for people: in `sag repair` and in logs.
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
