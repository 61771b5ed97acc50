package hostnet

import (
	"slices"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/route"
)

// Owned is everything on a host that carries the tunnel's mark.
type Owned struct {
	Routes   []route.Route
	Steering []route.Steering
	// Names is the DNS configuration, in which Ours is the tunnel's.
	Names dns.Status
	// KillSwitch is the kill switch's digest; empty if there is none.
	KillSwitch string
}

// Owned returns the tunnel's part of a snapshot, in the order in which it was found.
func (s Snapshot) Owned() Owned {
	owned := Owned{Steering: s.Steering, Names: s.Names}
	for _, r := range s.Routes {
		if r.Owned {
			owned.Routes = append(owned.Routes, r)
		}
	}
	if s.KillSwitch != nil {
		owned.KillSwitch = s.KillSwitch.Digest
	}
	return owned
}

// Equal is true if both are the same, in the same order.
func (o Owned) Equal(other Owned) bool {
	return slices.Equal(o.Routes, other.Routes) && slices.Equal(o.Steering, other.Steering) && o.Names.Equal(other.Names) &&
		o.KillSwitch == other.KillSwitch
}
