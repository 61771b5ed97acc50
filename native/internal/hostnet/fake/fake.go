// Package fake is a host in memory that behaves like an operating system: it chooses routes as one does, and it can be
// told to fail or to die between two changes.
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
	// config is what the kill switch was made from.
	config *killswitch.Config
	// Before is called before each change is applied or undone; an error from it is the answer, and nothing is done.
	Before func(hostnet.Change) error
}

// New makes a host with what was found on it.
func New(at hostnet.Snapshot) *Host {
	return &Host{now: clone(at), boot: "boot-1"}
}

// Snapshot is what is there now.
func (m *Host) Snapshot() (hostnet.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clone(m.now), nil
}

// BootID is this boot's.
func (m *Host) BootID() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot, nil
}

// Changes tells of Edit and of everything that is applied.
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

// Edit is another program changing the host.
func (m *Host) Edit(edit func(*hostnet.Snapshot)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	edit(&m.now)
	m.tell()
}

// Reboot forgets all that does not survive one, and everybody's routes with it, except those given.
func (m *Host) Reboot(boot string, after hostnet.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if names := m.now.Names.Ours; names != nil && names.Backend == dns.File {
		after.Names.Ours = names // lines in a file stay
	}
	m.now, m.boot, m.config = clone(after), boot, nil
}

// Link makes the tunnel's link, as the engine does; it carries no mark of ownership before it is applied.
func (m *Host) Link(name string) {
	m.Edit(func(s *hostnet.Snapshot) { s.Links = append(s.Links, route.LinkStatus{Name: name, Kind: "tun"}) })
}

// Kill is the end of the process that holds the link: the link goes, and with it everything that is on it.
func (m *Host) Kill(name string) {
	m.Edit(func(s *hostnet.Snapshot) {
		s.Links = slices.DeleteFunc(s.Links, func(l route.LinkStatus) bool { return l.Name == name })
		s.Routes = slices.DeleteFunc(s.Routes, func(r route.Route) bool { return r.Link == name })
	})
}

func (m *Host) tell() {
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

// Way is where another program's packet would go: the route that is taken, false if there is none.
func (m *Host) Way(to netip.Addr) (route.Route, bool) {
	s, _ := m.Snapshot()
	return Way(s, to, false)
}
