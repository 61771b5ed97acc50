package system

import (
	"slices"

	"sag.software/native/internal/system/dns"
)

// Own is what on a machine carries our mark of ownership.
type Own struct {
	Routes []Route
	Rules  []Rule
	// Names is who is asked for names; ours or not, it says so itself.
	Names dns.Found
	// Guard is its digest; empty if there is none.
	Guard string
}

// Own is what of a snapshot is ours, in the order in which it was found.
func (s Snapshot) Own() Own {
	own := Own{Names: s.Names}
	for _, r := range s.Routes {
		if r.Ours {
			own.Routes = append(own.Routes, r)
		}
	}
	for _, r := range s.Rules {
		if r.Ours {
			own.Rules = append(own.Rules, r)
		}
	}
	if s.Guard != nil {
		own.Guard = s.Guard.Digest
	}
	return own
}

// Equal is true if both are the same, in the same order.
func (o Own) Equal(other Own) bool {
	return slices.Equal(o.Routes, other.Routes) && slices.Equal(o.Rules, other.Rules) && o.Names.Equal(other.Names) &&
		o.Guard == other.Guard
}
