package plan

import (
	"fmt"
	"net/netip"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/msg"
)

// Choice is chosen once for a connection, from what is free on the host.
type Choice struct {
	// Link is the name of the tunnel's link.
	Link string
	// Resolver is the address of the DNS forwarder; invalid if there is none, and then the host's DNS settings are not changed.
	Resolver netip.Addr
}

// ErrNoRoomBefore means that another program's rule has the highest possible priority, so that the tunnel's rule cannot precede
// it.
var ErrNoRoomBefore error = &msg.Error{Message: msg.RivalRulesBeforeAll()}

// Choose finds a free name for the link. It returns ErrNoRoomBefore if another program's rules would route tunneled prefixes
// first.
func Choose(at hostnet.Snapshot, linkPrefix string) (Choice, error) {
	c := Choice{}
	for i := 0; c.Link == ""; i++ {
		name := fmt.Sprintf("%s%d", linkPrefix, i)
		if _, taken := at.Link(name); !taken {
			c.Link = name
		}
	}
	return c, Room(at)
}

// Room returns ErrNoRoomBefore, with the other program's link if known, or nil.
func Room(at hostnet.Snapshot) error {
	if !at.Blocked {
		return nil
	}
	return &msg.Error{Message: msg.RivalRulesFirst(at.Rival), Under: ErrNoRoomBefore}
}

// FormerResolver returns the address of the forwarder that the given changes use; invalid if there is none.
func FormerResolver(changes []hostnet.Change) netip.Addr {
	for _, c := range changes {
		if c.Kind == hostnet.ChangeNames {
			return c.Names.Resolver
		}
	}
	return netip.Addr{}
}
