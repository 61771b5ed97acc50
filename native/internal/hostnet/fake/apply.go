package fake

import (
	"fmt"
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// Apply makes a change as the operating system would.
func (m *Host) Apply(c hostnet.Change) error {
	if m.Before != nil {
		if err := m.Before(c); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.notify()
	m.applied++
	switch c.Kind {
	case hostnet.ChangeLink:
		return m.withLink(c.Link.Name, func(l *route.LinkStatus) { l.Owned, l.Up, l.MTU = true, true, c.Link.MTU })
	case hostnet.ChangeAddress:
		return m.withLink(c.Address.Link, func(l *route.LinkStatus) {
			if !slices.Contains(l.Addresses, c.Address.Prefix) {
				l.Addresses = append(l.Addresses, c.Address.Prefix)
			}
		})
	case hostnet.ChangeRoute:
		return m.applyRoute(*c.Route)
	case hostnet.ChangeSteering:
		m.now.Steering = slices.DeleteFunc(m.now.Steering, func(s route.Steering) bool { return s.IPv6 == c.Steering.IPv6 })
		m.now.Steering = append(m.now.Steering, *c.Steering)
		return nil
	case hostnet.ChangeKillSwitch:
		dropped := uint64(0)
		if m.now.KillSwitch != nil {
			dropped = m.now.KillSwitch.Dropped
		}
		m.now.KillSwitch, m.config = &killswitch.Status{Digest: c.KillSwitch.Digest(), Dropped: dropped}, c.KillSwitch
		return nil
	case hostnet.ChangeNames:
		names := *c.Names
		m.now.Names.Ours = &names
		return nil
	}
	return fmt.Errorf("unknown change %q", c.Kind)
}

func (m *Host) withLink(name string, edit func(*route.LinkStatus)) error {
	for i := range m.now.Links {
		if m.now.Links[i].Name == name {
			edit(&m.now.Links[i])
			return nil
		}
	}
	return fmt.Errorf("there is no link %s", name)
}

func (m *Host) applyRoute(want route.Route) error {
	want.Owned = true
	for i, r := range m.now.Routes {
		if !sameRoute(r, want) {
			continue
		}
		if !r.Owned {
			return fmt.Errorf("%s: %w", want, hostnet.ErrConflict)
		}
		m.now.Routes[i] = want
		return nil
	}
	if want.Link != "" {
		if err := m.withLink(want.Link, func(*route.LinkStatus) {}); err != nil {
			return err
		}
	}
	m.now.Routes = append(m.now.Routes, want)
	return nil
}

// Undo undoes a change, if it is there and carries the tunnel's mark.
func (m *Host) Undo(c hostnet.Change) (bool, error) {
	if m.Before != nil {
		if err := m.Before(c); err != nil {
			return false, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.notify()
	switch c.Kind {
	case hostnet.ChangeLink:
		// The engine closes the link.
		return false, nil
	case hostnet.ChangeAddress:
		undone := false
		_ = m.withLink(c.Address.Link, func(l *route.LinkStatus) {
			before := len(l.Addresses)
			l.Addresses = slices.DeleteFunc(l.Addresses, func(p netip.Prefix) bool { return l.Owned && p == c.Address.Prefix })
			undone = len(l.Addresses) < before
		})
		return undone, nil
	case hostnet.ChangeRoute:
		before := len(m.now.Routes)
		m.now.Routes = slices.DeleteFunc(m.now.Routes, func(r route.Route) bool { return r.Owned && sameRoute(r, *c.Route) })
		return len(m.now.Routes) < before, nil
	case hostnet.ChangeSteering:
		before := len(m.now.Steering)
		m.now.Steering = slices.DeleteFunc(m.now.Steering, func(s route.Steering) bool { return s.IPv6 == c.Steering.IPv6 })
		return len(m.now.Steering) < before, nil
	case hostnet.ChangeKillSwitch:
		if m.now.KillSwitch == nil || m.now.KillSwitch.Digest != c.KillSwitch.Digest() {
			return false, nil
		}
		m.now.KillSwitch, m.config = nil, nil
		return true, nil
	case hostnet.ChangeNames:
		undone := m.now.Names.Ours != nil
		m.now.Names.Ours = nil
		return undone, nil
	}
	return false, fmt.Errorf("unknown change %q", c.Kind)
}

// Leftovers returns everything that carries the tunnel's mark.
func (m *Host) Leftovers() ([]hostnet.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []hostnet.Change
	if names := m.now.Names.Ours; names != nil {
		if names.Backend == dns.File {
			// Lines in a file do not contain more.
			names = &dns.Names{Backend: dns.File, Path: names.Path, Resolver: names.Resolver}
		}
		all = append(all, hostnet.Change{Kind: hostnet.ChangeNames, Names: names})
	}
	for _, s := range m.now.Steering {
		all = append(all, hostnet.Change{Kind: hostnet.ChangeSteering, Steering: &s})
	}
	for _, r := range m.now.Routes {
		if r.Owned {
			all = append(all, hostnet.Change{Kind: hostnet.ChangeRoute, Route: &r})
		}
	}
	if m.now.KillSwitch != nil {
		all = append(all, hostnet.Change{Kind: hostnet.ChangeKillSwitch, KillSwitch: &killswitch.Config{FoundDigest: m.now.KillSwitch.Digest}})
	}
	return all, nil
}

// sameRoute is true for routes that an operating system regards as the same entry.
func sameRoute(a, b route.Route) bool {
	return a.Scope == b.Scope && a.Destination == b.Destination && a.Metric == b.Metric
}
