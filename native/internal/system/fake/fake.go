// Package fake is a machine in memory that behaves like an operating system: it chooses routes as one does, and it can be
// told to fail or to die between two changes.
package fake

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/guard"
)

// Machine is a system.Machine in memory.
type Machine struct {
	mu   sync.Mutex
	now  system.Snapshot
	boot string
	// files are the paths that have lines of ours in them.
	files   map[string]bool
	told    []chan struct{}
	applied int
	// spec is what the guard was made from.
	spec *guard.Spec
	// Before is called before each change is applied or undone; an error from it is the answer, and nothing is done.
	Before func(system.Change) error
}

// New makes a machine with what was found on it.
func New(at system.Snapshot) *Machine {
	return &Machine{now: clone(at), boot: "boot-1", files: map[string]bool{}}
}

// Snapshot is what is there now.
func (m *Machine) Snapshot() (system.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clone(m.now), nil
}

// BootID is this boot's.
func (m *Machine) BootID() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot, nil
}

// Changes tells of Edit and of everything that is applied.
func (m *Machine) Changes(ctx context.Context) (<-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := make(chan struct{}, 1)
	m.told = append(m.told, c)
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.told = slices.DeleteFunc(m.told, func(other chan struct{}) bool { return other == c })
	})
	return c, nil
}

// Edit is somebody else changing the machine.
func (m *Machine) Edit(edit func(*system.Snapshot)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	edit(&m.now)
	m.tell()
}

// Reboot forgets all that does not survive one, and everybody's routes with it, except those given.
func (m *Machine) Reboot(boot string, after system.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.boot, m.spec = clone(after), boot, nil
}

// Link makes the tunnel's link, as the engine does; it carries no mark of ownership before it is applied.
func (m *Machine) Link(name string) {
	m.Edit(func(s *system.Snapshot) { s.Links = append(s.Links, system.Found{Name: name, Kind: "tun"}) })
}

// Kill is the end of the process that holds the link: the link goes, and with it everything that is on it.
func (m *Machine) Kill(name string) {
	m.Edit(func(s *system.Snapshot) {
		s.Links = slices.DeleteFunc(s.Links, func(l system.Found) bool { return l.Name == name })
		s.Routes = slices.DeleteFunc(s.Routes, func(r system.Route) bool { return r.Link == name })
	})
}

// Files are the paths that have lines of ours in them.
func (m *Machine) Files() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var paths []string
	for path := range m.files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func (m *Machine) tell() {
	for _, c := range m.told {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func clone(s system.Snapshot) system.Snapshot {
	s.Links, s.Routes, s.Rules = slices.Clone(s.Links), slices.Clone(s.Routes), slices.Clone(s.Rules)
	for i := range s.Links {
		s.Links[i].Addresses = slices.Clone(s.Links[i].Addresses)
	}
	s.Resolvers, s.DHCPServers = slices.Clone(s.Resolvers), slices.Clone(s.DHCPServers)
	return s
}

// Leaves is true if the guard lets a packet leave by a link.
func (m *Machine) Leaves(to netip.Addr, link string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spec == nil || !m.spec.Holds(to, link)
}

// Way is where a packet would go: the route that is taken, false if there is none.
func (m *Machine) Way(to netip.Addr, mark uint32) (system.Route, bool) {
	s, _ := m.Snapshot()
	return Way(s, to, mark)
}
