package dns

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"sync/atomic"
)

// Manager finds out and changes who a machine asks for names. It keeps nothing but its connection to the system bus.
type Manager struct {
	// handsOff is true once NetworkManager has refused: then the file is what there is.
	handsOff atomic.Bool
	// conf is /etc/resolv.conf.
	conf string
	bus  bus
}

// bus is what of the system bus is needed.
type bus interface {
	// names are the owned ones of those that matter.
	names() []string
	// found is what of ours a backend holds on a link, where programs ask `first` before all others; nil if nothing.
	found(b Backend, link string, first netip.Addr) *Names
	set(Names) error
	unset(Names) (bool, error)
	// leftovers are what of ours a backend holds on any link.
	leftovers() []Names
	watch(ctx context.Context, tell func())
}

// Open finds the machine's name servers. The system bus is asked when it is needed.
func Open() *Manager { return &Manager{conf: confPath, bus: newBus()} }

// Look finds out how it is now; link is the tunnel's, or empty.
func (m *Manager) Look(link string) Found {
	path, err := realPath(m.conf)
	if err != nil {
		return Found{Backend: File, Why: err.Error(), Path: m.conf}
	}
	text, err := readFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Found{Backend: File, Why: err.Error(), Path: path}
	}
	f := Found{Path: path}
	facts := Facts{Path: path, Text: text}
	if facts.hint() != "" {
		facts.Bus = m.bus.names()
	}
	f.Backend, f.Why = Detect(facts)
	if f.Backend == File {
		f.Away = facts.hint()
	}
	if f.Backend == NetworkManager && m.handsOff.Load() {
		f.Backend, f.Why = File, f.Why+", but takes no name server from us"
	}
	conf := ReadConf(text)
	if f.Backend != File {
		f.Ours = m.bus.found(f.Backend, link, conf.First)
		return f
	}
	f.Rival = writer(conf)
	// Lines of ours that are not the first ones do nothing.
	if conf.Ours.IsValid() && conf.First == conf.Ours {
		f.Ours = &Names{Backend: File, Path: path, Resolver: conf.Ours}
	}
	return f
}

// Outside are the name servers that are asked without us.
func (m *Manager) Outside() []netip.Addr {
	var all []netip.Addr
	for _, path := range []string{m.conf, uplinks} {
		text, err := readFile(path)
		if err != nil {
			continue
		}
		conf := ReadConf(text)
		for _, a := range conf.Servers {
			// The stub would ask us again; what it asks is in the other file.
			if !slices.Contains(stub, a) && a != conf.Ours {
				all = append(all, a)
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all
}

// Set makes it so, and does nothing where it is so already.
func (m *Manager) Set(n Names) error {
	if n.Backend == File {
		return setFile(n.Path, n.Resolver)
	}
	err := m.bus.set(n)
	if err != nil && n.Backend == NetworkManager {
		m.handsOff.Store(true)
	}
	return err
}

// Unset takes what is ours out again, and says whether there was anything.
func (m *Manager) Unset(n Names) (bool, error) {
	if n.Backend == File {
		return unsetFile(n.Path)
	}
	return m.bus.unset(n)
}

// Leftovers are everything of ours that can be found.
func (m *Manager) Leftovers() []Names {
	all := m.bus.leftovers()
	path, err := realPath(m.conf)
	if err != nil {
		return all
	}
	text, err := readFile(path)
	if err != nil {
		return all
	}
	if conf := ReadConf(text); conf.Ours.IsValid() {
		all = append(all, Names{Backend: File, Path: path, Resolver: conf.Ours})
	}
	return all
}

// Watch tells that something may have changed, until the context ends.
func (m *Manager) Watch(ctx context.Context, tell func()) error {
	m.bus.watch(ctx, tell)
	return watchFiles(ctx, m.conf, tell)
}
