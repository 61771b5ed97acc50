package plan

import (
	"errors"
	"fmt"
	"slices"

	"sag.software/native/internal/system"
)

// What is taken if it is free. The mark and the table spell "SG".
const (
	firstTable    = 0x5347
	firstPriority = 5200
	// Mark is on the engine's own packets. It has to be known before the machine is looked at, so it is always this one.
	Mark = 0x53470000
)

// ErrNoRoomBefore means that somebody's rules come before any that could be ours.
var ErrNoRoomBefore = errors.New("another program's routing rules come before all others")

// Choose finds a free link name, table and priority. Our rule has to come before everybody else's (except the one for the
// machine's own addresses), or their table would decide about intranet addresses first.
func Choose(at system.Snapshot, linkPrefix string) (Numbers, error) {
	n := Numbers{Mark: Mark, Priority: firstPriority}
	for i := 0; n.Link == ""; i++ {
		name := fmt.Sprintf("%s%d", linkPrefix, i)
		if _, taken := at.Link(name); !taken {
			n.Link = name
		}
	}
	if !at.Abilities.PolicyRouting {
		n.Priority = 0
		return n, nil
	}
	for table := uint32(firstTable); n.Table == 0; table++ {
		if !tableTaken(at, table) {
			n.Table = table
		}
	}
	priority, err := Priority(at)
	n.Priority = priority
	return n, err
}

// NumbersOf are those that changes in force were made with, so that a connection that is taken up again lies exactly over
// what was left standing. False if there are none.
func NumbersOf(changes []system.Change) (Numbers, bool) {
	n := Numbers{Mark: Mark}
	for _, c := range changes {
		switch {
		case c.Kind == system.ChangeLink:
			n.Link = c.Link.Name
		case c.Kind == system.ChangeNames:
			n.Resolver = c.Names.Resolver
		case c.Kind == system.ChangeRule && c.Rule.Not:
			n.Table, n.Priority, n.Mark = c.Rule.Table, c.Rule.Priority, c.Rule.Mark
		}
	}
	return n, n.Table != 0
}

// Priority is where our rule has to be for nobody to come before it.
func Priority(at system.Snapshot) (uint32, error) {
	best := uint32(firstPriority)
	for _, r := range at.Rules {
		if r.Ours || r.Priority == 0 {
			continue
		}
		if r.Priority == 1 {
			return 0, ErrNoRoomBefore
		}
		best = min(best, r.Priority-1)
	}
	return best, nil
}

func tableTaken(at system.Snapshot, table uint32) bool {
	return slices.ContainsFunc(at.Routes, func(r system.Route) bool { return r.Table == table && !r.Ours }) ||
		slices.ContainsFunc(at.Rules, func(r system.Rule) bool { return r.Table == table && !r.Ours })
}
