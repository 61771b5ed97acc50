package fake

import (
	"fmt"
	"net/netip"
	"slices"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/guard"
)

// Apply makes a change as the operating system would.
func (m *Machine) Apply(c system.Change) error {
	if m.Before != nil {
		if err := m.Before(c); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	m.applied++
	switch c.Kind {
	case system.ChangeLink:
		return m.withLink(c.Link.Name, func(l *system.Found) { l.Ours, l.Up, l.MTU = true, true, c.Link.MTU })
	case system.ChangeAddress:
		return m.withLink(c.Address.Link, func(l *system.Found) {
			if !slices.Contains(l.Addresses, c.Address.Prefix) {
				l.Addresses = append(l.Addresses, c.Address.Prefix)
			}
		})
	case system.ChangeRoute:
		return m.applyRoute(*c.Route)
	case system.ChangeRule:
		rule := *c.Rule
		rule.Ours = true
		if slices.ContainsFunc(m.now.Rules, func(r system.Rule) bool { return sameRule(r, rule) }) {
			return nil
		}
		m.now.Rules = append(m.now.Rules, rule)
		return nil
	case system.ChangeGuard:
		dropped := uint64(0)
		if m.now.Guard != nil {
			dropped = m.now.Guard.Dropped
		}
		m.now.Guard, m.spec = &guard.Found{Digest: c.Guard.Digest(), Dropped: dropped}, c.Guard
		return nil
	case system.ChangeNames:
		names := *c.Names
		m.now.Names.Ours = &names
		return nil
	case system.ChangeFile:
		m.files[c.File.Path] = true
		return nil
	}
	return fmt.Errorf("unknown change %q", c.Kind)
}

func (m *Machine) withLink(name string, edit func(*system.Found)) error {
	for i := range m.now.Links {
		if m.now.Links[i].Name == name {
			edit(&m.now.Links[i])
			return nil
		}
	}
	return fmt.Errorf("there is no link %s", name)
}

func (m *Machine) applyRoute(route system.Route) error {
	route.Ours = true
	for i, r := range m.now.Routes {
		if !sameRoute(r, route) {
			continue
		}
		if !r.Ours {
			return fmt.Errorf("%s: %w", route, system.ErrConflict)
		}
		m.now.Routes[i] = route
		return nil
	}
	if route.Link != "" {
		if err := m.withLink(route.Link, func(*system.Found) {}); err != nil {
			return err
		}
	}
	m.now.Routes = append(m.now.Routes, route)
	return nil
}

// Undo takes a change back, if it is there and ours.
func (m *Machine) Undo(c system.Change) (bool, error) {
	if m.Before != nil {
		if err := m.Before(c); err != nil {
			return false, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.tell()
	switch c.Kind {
	case system.ChangeLink:
		// The link is the engine's to close.
		return false, nil
	case system.ChangeAddress:
		undone := false
		_ = m.withLink(c.Address.Link, func(l *system.Found) {
			before := len(l.Addresses)
			l.Addresses = slices.DeleteFunc(l.Addresses, func(p netip.Prefix) bool { return l.Ours && p == c.Address.Prefix })
			undone = len(l.Addresses) < before
		})
		return undone, nil
	case system.ChangeRoute:
		before := len(m.now.Routes)
		m.now.Routes = slices.DeleteFunc(m.now.Routes, func(r system.Route) bool { return r.Ours && sameRoute(r, *c.Route) })
		return len(m.now.Routes) < before, nil
	case system.ChangeRule:
		before := len(m.now.Rules)
		m.now.Rules = slices.DeleteFunc(m.now.Rules, func(r system.Rule) bool { return r.Ours && sameRule(r, *c.Rule) })
		return len(m.now.Rules) < before, nil
	case system.ChangeGuard:
		if m.now.Guard == nil || m.now.Guard.Digest != c.Guard.Digest() {
			return false, nil
		}
		m.now.Guard, m.spec = nil, nil
		return true, nil
	case system.ChangeNames:
		undone := m.now.Names.Ours != nil
		m.now.Names.Ours = nil
		return undone, nil
	case system.ChangeFile:
		undone := m.files[c.File.Path]
		delete(m.files, c.File.Path)
		return undone, nil
	}
	return false, fmt.Errorf("unknown change %q", c.Kind)
}

// Leftovers is everything that is ours.
func (m *Machine) Leftovers() ([]system.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []system.Change
	if names := m.now.Names.Ours; names != nil {
		all = append(all, system.Change{Kind: system.ChangeNames, Names: names})
	}
	for _, r := range m.now.Rules {
		if r.Ours {
			all = append(all, system.Change{Kind: system.ChangeRule, Rule: &r})
		}
	}
	for _, r := range m.now.Routes {
		if r.Ours {
			all = append(all, system.Change{Kind: system.ChangeRoute, Route: &r})
		}
	}
	if m.now.Guard != nil {
		all = append(all, system.Change{Kind: system.ChangeGuard, Guard: &guard.Spec{Found: m.now.Guard.Digest}})
	}
	for path := range m.files {
		all = append(all, system.Change{Kind: system.ChangeFile, File: &system.File{Path: path}})
	}
	return all, nil
}

// sameRoute is what an operating system takes for the same entry.
func sameRoute(a, b system.Route) bool {
	return a.Table == b.Table && a.Destination == b.Destination && a.Metric == b.Metric
}

func sameRule(a, b system.Rule) bool {
	a.Ours, b.Ours = false, false
	return a == b
}
