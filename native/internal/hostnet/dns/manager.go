package dns

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
)

// Manager finds out and changes who a host asks for names. It keeps nothing but its connection to the system bus.
type Manager struct {
	mu sync.Mutex
	// refused is the NetworkManager that takes no name server from us: then the file is what there is, until it was restarted.
	refused string
	// conf is /etc/resolv.conf; upstream is where those who answer programs themselves write down whom they ask.
	conf     string
	upstream []string
	bus      bus
}

// bus is what of the system bus is needed.
type bus interface {
	// owners are those of the names that matter, by name: who runs, and answers as far as is known.
	owners() map[string]string
	// manager is what NetworkManager says of itself.
	manager() ManagerFacts
	// found is what of ours a backend holds on a link, where programs ask `first` before all others; nil if nothing. An error
	// is for a backend that does not answer, which owners knows from then on.
	found(b Backend, link string, first netip.Addr) (*Names, error)
	set(Names) error
	unset(Names) (bool, error)
	// leftovers are what of ours a backend holds on any link.
	leftovers() []Names
	watch(ctx context.Context, tell func())
}

// Open finds the host's name servers. The system bus is asked when it is needed.
func Open() *Manager {
	upstream := []string{"/run/systemd/resolve/resolv.conf", managerFolder + "no-stub-resolv.conf"}
	return &Manager{conf: confPath, upstream: upstream, bus: newBus()}
}

// Status finds out how it is now; link is the tunnel's, or empty.
func (m *Manager) Status(link string) Status {
	path, err := realPath(m.conf)
	if err != nil {
		return Status{Backend: File, Why: err.Error(), Path: m.conf, Away: leadsTo(m.conf)}
	}
	text, err := readFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Status{Backend: File, Why: err.Error(), Path: path}
	}
	f := Status{Path: path}
	facts := Facts{Path: path, Text: text}
	hint := facts.hint()
	if hint != "" {
		facts.Bus = m.bus.owners()
	}
	if _, runs := facts.Bus[managerName]; runs && hint == NetworkManager {
		facts.Manager = m.bus.manager()
	}
	conf := ReadConf(text)
	for {
		f.Backend, f.Why = Detect(facts)
		if f.Backend == NetworkManager && m.isRefused(facts.Bus[managerName]) {
			f.Backend, f.Why = File, f.Why+", but takes no name server from us"
		}
		if f.Backend == File {
			break
		}
		if f.Ours, err = m.bus.found(f.Backend, link, conf.First); err == nil {
			return f
		}
		// It runs, and does not answer: whatever it has of ours it goes on having, as if it were being restarted.
		delete(facts.Bus, busNames[f.Backend])
	}
	if _, runs := facts.Bus[busNames[hint]]; !runs {
		f.Away = hint
	}
	f.Rival, f.Others, f.Search = writer(conf), conf.Servers, conf.OtherSearch
	// Lines of ours that are not the first ones do nothing.
	if conf.Ours.IsValid() && conf.First == conf.Ours {
		f.Ours = &Names{Backend: File, Path: path, Resolver: conf.Ours}
		if len(conf.OurSearch) > 0 {
			// Lines of ours that are not in force do nothing.
			f.Ours.Search = conf.Search
		}
	}
	return f
}

// Direct are the name servers that are asked without us.
func (m *Manager) Direct() []netip.Addr {
	var caches []netip.Addr
	for _, path := range append([]string{m.conf}, m.upstream...) {
		text, err := readFile(path)
		if err != nil {
			continue
		}
		conf := ReadConf(text)
		all := slices.DeleteFunc(conf.Servers, func(a netip.Addr) bool { return a == conf.Ours || slices.Contains(stub, a) })
		// A cache in between would ask us again; whom it asks is in another file.
		isCache := writer(conf) == string(NetworkManager) && !slices.ContainsFunc(all, func(a netip.Addr) bool { return !a.IsLoopback() })
		switch {
		case len(all) > 0 && !isCache:
			return all
		case caches == nil:
			caches = all
		}
	}
	return caches
}

// Set makes it so, and does nothing where it is so already.
func (m *Manager) Set(n Names) error {
	if n.Backend == File {
		return setFile(n.Path, n.Resolver, n.Search)
	}
	err := m.bus.set(n)
	if err != nil && n.Backend == NetworkManager {
		owner := m.bus.owners()[managerName]
		m.mu.Lock()
		m.refused = owner
		m.mu.Unlock()
	}
	return err
}

func (m *Manager) isRefused(owner string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return owner != "" && owner == m.refused
}

// Clear takes what is ours out again, and says whether there was anything.
func (m *Manager) Clear(n Names) (bool, error) {
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
