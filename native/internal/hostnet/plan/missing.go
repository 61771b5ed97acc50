package plan

import (
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/route"
)

// Missing returns the changes of a plan that are not in force on the host.
func Missing(changes []hostnet.Change, at hostnet.Snapshot) []hostnet.Change {
	var missing []hostnet.Change
	for _, c := range changes {
		if !present(c, at) {
			missing = append(missing, c)
		}
	}
	return missing
}

func present(c hostnet.Change, at hostnet.Snapshot) bool {
	switch c.Kind {
	case hostnet.ChangeLink:
		l, found := at.Link(c.Link.Name)
		return found && l.Owned && l.Up && l.MTU == c.Link.MTU
	case hostnet.ChangeAddress:
		l, found := at.Link(c.Address.Link)
		return found && slices.Contains(l.Addresses, c.Address.Prefix)
	case hostnet.ChangeRoute:
		return slices.ContainsFunc(at.Routes, func(r route.Route) bool { return r.Owned && r.Desired() == *c.Route })
	case hostnet.ChangeNames:
		// A program that is being restarted is configured when it is back.
		return at.Names.Away == c.Names.Backend || at.Names.Has(*c.Names)
	case hostnet.ChangeSteering:
		return slices.ContainsFunc(at.Steering, func(s route.Steering) bool { return s.IPv6 == c.Steering.IPv6 && !s.Ineffective })
	case hostnet.ChangeKillSwitch:
		return at.KillSwitch != nil && at.KillSwitch.Digest == c.KillSwitch.Digest()
	}
	return true
}

// Same is true if both plans contain the same changes.
func Same(a, b []hostnet.Change) bool {
	return slices.EqualFunc(a, b, func(x, y hostnet.Change) bool { return x.Key() == y.Key() })
}

// Overtaken is true if a missing change is still there, but another program's setting precedes it: it was not removed.
func Overtaken(c hostnet.Change, at hostnet.Snapshot) bool {
	return c.Kind == hostnet.ChangeSteering &&
		slices.ContainsFunc(at.Steering, func(s route.Steering) bool { return s.IPv6 == c.Steering.IPv6 })
}
