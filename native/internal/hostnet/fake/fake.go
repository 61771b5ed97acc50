// Package fake is a hostnet.Host in memory. It chooses routes like an operating system, and can fail or stop between two changes.
package fake

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/route"
)

// Host is a hostnet.Host in memory.
type Host struct {
	mu       sync.Mutex
	now      hostnet.Snapshot
	boot     string
	watchers []chan struct{}
	applied  int
	// config is the config of the kill switch in force.
	config *killswitch.Config
	// Before is called before each change is applied or undone. If it returns an error, that is returned and nothing is changed.
	Before func(hostnet.Change) error
}

// New makes a host with this configuration.
func New(at hostnet.Snapshot) *Host {
	return &Host{now: clone(at), boot: "boot-1"}
}

// Snapshot implements hostnet.Host.
func (m *Host) Snapshot() (hostnet.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clone(m.now), nil
}

// BootID implements hostnet.Host.
func (m *Host) BootID() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot, nil
}

// Changes implements hostnet.Host. It notifies of Edit and of every change that is applied.
func (m *Host) Changes(ctx context.Context) (<-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := make(chan struct{}, 1)
	m.watchers = append(m.watchers, c)
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = slices.DeleteFunc(m.watchers, func(other chan struct{}) bool { return other == c })
	})
	return c, nil
}

// Edit changes the host as another program would.
func (m *Host) Edit(edit func(*hostnet.Snapshot)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	edit(&m.now)
	m.notify()
}

// Reboot replaces everything that does not survive a restart, including other programs' routes, by the given configuration.
func (m *Host) Reboot(boot string, after hostnet.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if names := m.now.Names.Ours; names != nil && names.Backend == dns.File {
		after.Names.Ours = names // lines in a file stay
	}
	m.now, m.boot, m.config = clone(after), boot, nil
}

// Link creates the tunnel's link, as the engine does. It has no ownership mark before a change is applied.
func (m *Host) Link(name string) {
	m.Edit(func(s *hostnet.Snapshot) { s.Links = append(s.Links, route.LinkStatus{Name: name, Kind: "tun"}) })
}

// Kill removes the link and its routes, as when the process that holds the link ends.
func (m *Host) Kill(name string) {
	m.Edit(func(s *hostnet.Snapshot) {
		s.Links = slices.DeleteFunc(s.Links, func(l route.LinkStatus) bool { return l.Name == name })
		s.Routes = slices.DeleteFunc(s.Routes, func(r route.Route) bool { return r.Link == name })
	})
}

func (m *Host) notify() {
	for _, c := range m.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func clone(s hostnet.Snapshot) hostnet.Snapshot {
	s.Links, s.Routes, s.Steering = slices.Clone(s.Links), slices.Clone(s.Routes), slices.Clone(s.Steering)
	for i := range s.Links {
		s.Links[i].Addresses = slices.Clone(s.Links[i].Addresses)
	}
	s.Resolvers, s.DHCPServers = slices.Clone(s.Resolvers), slices.Clone(s.DHCPServers)
	return s
}

// Leaves is true if the kill switch lets a packet leave by a link.
func (m *Host) Leaves(to netip.Addr, link string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config == nil || !m.config.Drops(to, link)
}

// Way returns the route of another program's packet, false if there is none.
func (m *Host) Way(to netip.Addr) (route.Route, bool) {
	s, _ := m.Snapshot()
	return Way(s, to, false)
}
