package dns

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
)

// Manager reads and changes the host's DNS configuration. Its only state is the connection to the system bus and `refused`.
type Manager struct {
	mu sync.Mutex
	// refused is the bus name owner of a NetworkManager that did not accept the forwarder. Until NetworkManager is restarted,
	// resolv.conf is written instead.
	refused string
	// conf is /etc/resolv.conf; upstream are the files in which systemd-resolved and NetworkManager write their own name servers.
	conf     string
	upstream []string
	bus      bus
}

// bus is the part of the system bus that is used here.
type bus interface {
	// owners returns the owners of the well-known names, of services that run and answer.
	owners() map[string]string
	// manager returns NetworkManager's DNS settings.
	manager() ManagerFacts
	// found returns this program's settings at a backend for a link, nil if there are none; `first` is the first name server in
	// resolv.conf. An error means that the backend does not answer. owners leaves it out from then on. found, set and unset are
	// called only for the backends in busNames.
	found(b Backend, link string, first netip.Addr) (*Names, error)
	set(Names) error
	unset(Names) (bool, error)
	// leftovers returns this program's settings at a backend for any link.
	leftovers() []Names
	watch(ctx context.Context, notify func())
}

// Open returns a Manager. It connects to the system bus when needed.
func Open() *Manager {
	upstream := []string{"/run/systemd/resolve/resolv.conf", managerFolder + "no-stub-resolv.conf"}
	return &Manager{conf: confPath, upstream: upstream, bus: newBus()}
}

// Status reads the current DNS configuration; link is the tunnel's link, or empty.
func (m *Manager) Status(link string) Status {
	path, err := realPath(m.conf)
	if err != nil {
		return Status{Backend: File, Why: err.Error(), Path: m.conf, Away: writerOfTarget(m.conf)}
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
			f.Backend, f.Why = File, f.Why+", but does not accept a name server from sag-tunnel"
		}
		if f.Backend == File {
			break
		}
		if f.Ours, err = m.bus.found(f.Backend, link, conf.First); err == nil {
			return f
		}
		// The backend is running but does not answer. It keeps the settings it has, so it is treated as if it were being
		// restarted.
		delete(facts.Bus, busNames[f.Backend])
	}
	if _, runs := facts.Bus[busNames[hint]]; !runs {
		f.Away = hint
	}
	f.Rival, f.Others, f.Search = writer(conf), conf.Servers, conf.OtherSearch
	// Lines of this program only have an effect if they come first.
	if conf.Ours.IsValid() && conf.First == conf.Ours {
		f.Ours = &Names{Backend: File, Path: path, Resolver: conf.Ours}
		if len(conf.OurSearch) > 0 {
			// The search list in force may be another program's.
			f.Ours.Search = conf.Search
		}
	}
	return f
}

// Direct returns the name servers without this forwarder.
func (m *Manager) Direct() []netip.Addr {
	var caches []netip.Addr
	for _, path := range append([]string{m.conf}, m.upstream...) {
		text, err := readFile(path)
		if err != nil {
			continue
		}
		conf := ReadConf(text)
		all := slices.DeleteFunc(conf.Servers, func(a netip.Addr) bool { return a == conf.Ours || slices.Contains(stub, a) })
		// A local cache would send the query back to this forwarder. Its upstream servers are in another file.
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

// Set applies the configuration. It does nothing if it is in force already. It returns ErrRefused for an unknown backend.
func (m *Manager) Set(n Names) error {
	if n.Backend == File {
		return setFile(n.Path, n.Resolver, n.Search)
	}
	if _, known := busNames[n.Backend]; !known {
		return errUnknownBackend(n.Backend)
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

// Clear removes this program's configuration, and reports whether there was any. It returns ErrRefused for an unknown backend.
func (m *Manager) Clear(n Names) (bool, error) {
	if n.Backend == File {
		return unsetFile(n.Path)
	}
	if _, known := busNames[n.Backend]; !known {
		return false, errUnknownBackend(n.Backend)
	}
	return m.bus.unset(n)
}

// Leftovers returns all configuration of this program that can be found.
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

// Watch calls notify whenever the configuration may have changed, until the context ends.
func (m *Manager) Watch(ctx context.Context, notify func()) error {
	m.bus.watch(ctx, notify)
	return watchFiles(ctx, m.conf, notify)
}
