package plan

import (
	"slices"

	"sag.software/native/internal/system"
)

// Missing are the changes of a plan that a machine does not have, or no longer has: somebody took them away.
func Missing(changes []system.Change, at system.Snapshot) []system.Change {
	var missing []system.Change
	for _, c := range changes {
		if !present(c, at) {
			missing = append(missing, c)
		}
	}
	return missing
}

func present(c system.Change, at system.Snapshot) bool {
	switch c.Kind {
	case system.ChangeLink:
		l, found := at.Link(c.Link.Name)
		return found && l.Ours && l.Up && l.MTU == c.Link.MTU
	case system.ChangeAddress:
		l, found := at.Link(c.Address.Link)
		return found && slices.Contains(l.Addresses, c.Address.Prefix)
	case system.ChangeRoute:
		return slices.ContainsFunc(at.Routes, func(r system.Route) bool {
			same := r.Ours && r.Table == c.Route.Table && r.Destination == c.Route.Destination && r.Kind == c.Route.Kind
			return same && r.Link == c.Route.Link && r.Metric == c.Route.Metric && r.Gateway == c.Route.Gateway && r.Source == c.Route.Source
		})
	case system.ChangeNames:
		// Who is being restarted will be told when it is back.
		return at.Names.Away == c.Names.Backend || at.Names.Has(*c.Names)
	case system.ChangeRule:
		return slices.ContainsFunc(at.Rules, func(r system.Rule) bool {
			r.Ours = false
			return r == *c.Rule
		})
	case system.ChangeGuard:
		return at.Guard != nil && at.Guard.Digest == c.Guard.Digest()
	}
	return true
}

// Same is true if two plans make the same machine.
func Same(a, b []system.Change) bool {
	return slices.EqualFunc(a, b, func(x, y system.Change) bool { return x.Key() == y.Key() })
}

// Rival names the link of another program that a machine's packets for the intranet would be decided about by, as well as
// can be told: who has rules where ours belong.
func Rival(at system.Snapshot) string {
	for _, rule := range at.Rules {
		if rule.Ours || rule.Priority == 0 || rule.Priority > 1 {
			continue
		}
		for _, r := range at.Routes {
			if r.Table == rule.Table && r.Link != "" {
				return r.Link
			}
		}
	}
	return ""
}
