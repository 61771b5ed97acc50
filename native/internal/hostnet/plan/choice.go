package plan

import (
	"fmt"
	"net/netip"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/msg"
)

// Choice is what is chosen once for a connection, free on the host at that time.
type Choice struct {
	// Link is the name of the tunnel's link.
	Link string
	// Resolver is where the DNS forwarder listens; invalid if there is none, and then the host's name servers stay as they are.
	Resolver netip.Addr
}

// ErrNoRoomBefore means that another program's settings come before any that could be the tunnel's.
var ErrNoRoomBefore error = &msg.Error{Message: msg.RivalRulesBeforeAll()}

// Choose finds a free name for the link. ErrNoRoomBefore if the tunnel's routes could not come before everybody else's: another
// program would decide about tunneled prefixes first.
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

// Room is ErrNoRoomBefore, with the link of the other program where that is known, or nil.
func Room(at hostnet.Snapshot) error {
	if !at.Blocked {
		return nil
	}
	return &msg.Error{Message: msg.RivalRulesFirst(at.Rival), Under: ErrNoRoomBefore}
}

// FormerResolver is where the forwarder listened that changes in force were made with; invalid if there was none.
func FormerResolver(changes []hostnet.Change) netip.Addr {
	for _, c := range changes {
		if c.Kind == hostnet.ChangeNames {
			return c.Names.Resolver
		}
	}
	return netip.Addr{}
}
