package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/msg"
)

const (
	managerPath = "/org/freedesktop/NetworkManager"
	managerMain = "org.freedesktop.NetworkManager"
	dnsPath     = "/org/freedesktop/NetworkManager/DnsManager"
	dnsManager  = "org.freedesktop.NetworkManager.DnsManager"
	// handle is a link for a NetworkManager connection with the forwarder as name server. It must not be the tunnel's link,
	// because NetworkManager first removes addresses and routes, in all tables, from a link that it manages.
	handle = "sag-names"
	// priority puts the forwarder before other connections' name servers. A negative one would exclude them.
	priority      = 5
	managerActive = "org.freedesktop.NetworkManager.Connection.Active"
	// activated is NM_ACTIVE_CONNECTION_STATE_ACTIVATED.
	activated = 2
	// managerLimit is the time NetworkManager may need to notice a link, and to apply a name server.
	managerLimit = 2 * time.Second
	// managerStep is the polling interval.
	managerStep = 10 * time.Millisecond
)

// entry is one of NetworkManager's name servers, or a set of properties.
type entry map[string]dbus.Variant

// read stores a value. Missing values and other types are ignored: name servers for the whole host have no link, for example.
func (e entry) read(key string, to any) {
	if v, found := e[key]; found {
		_ = v.Store(to)
	}
}

// askManager returns all properties of NetworkManager's DNS manager.
func (b *systemBus) askManager() (entry, error) {
	var all entry
	err := b.call(managerName, dnsPath, "org.freedesktop.DBus.Properties.GetAll", &all, dnsManager)
	return all, err
}

// manager returns NetworkManager's DNS settings; the zero value if it does not answer.
func (b *systemBus) manager() ManagerFacts {
	all, _ := b.askManager()
	var f ManagerFacts
	all.read("Mode", &f.Mode)
	all.read("RcManager", &f.RcManager)
	return f
}

func (b *systemBus) foundManager(first netip.Addr) (*Names, error) {
	all, err := b.askManager()
	if errors.Is(err, errHung) {
		return nil, err
	}
	return oursIn(all, first), nil
}

// oursIn returns the forwarder among NetworkManager's name servers, nil if it is not in force; `first` is the first name server
// in resolv.conf.
func oursIn(all entry, first netip.Addr) *Names {
	var mode string
	var entries []entry
	all.read("Mode", &mode)
	all.read("Configuration", &entries)
	for _, e := range entries {
		var link string
		var servers []string
		e.read("interface", &link)
		e.read("nameservers", &servers)
		if link != handle || len(servers) != 1 {
			continue
		}
		a, err := netip.ParseAddr(servers[0])
		// With a local cache such as dnsmasq, resolv.conf contains the cache instead.
		if err != nil || mode == "default" && a != first {
			return nil
		}
		return &Names{Backend: NetworkManager, Resolver: a}
	}
	return nil
}

// setManager adds a link and a connection with the forwarder as name server. NetworkManager removes the connection when this
// process disconnects from the bus.
func (b *systemBus) setManager(n Names) error {
	b.mu.Lock()
	same := b.handle != nil && b.managed.Resolver == n.Resolver && b.managed.Everything == n.Everything && sameSet(b.managed.Domains, n.Domains) &&
		slices.Equal(b.managed.Search, n.Search)
	b.mu.Unlock()
	if same {
		if m, err := b.foundManager(n.Resolver); m != nil || err != nil {
			return err
		}
	}
	if err := b.openHandle(); err != nil {
		return err
	}
	var device dbus.ObjectPath
	err := within(func() error {
		return b.call(managerName, managerPath, managerMain+".GetDeviceByIpIface", &device, handle)
	})
	if err != nil {
		b.closeHandle()
		return err
	}
	options := map[string]dbus.Variant{"persist": dbus.MakeVariant("volatile"), "bind-activation": dbus.MakeVariant("dbus-client")}
	added, err := b.called(managerName, managerPath, managerMain+".AddAndActivateConnection2", connection(n), device, dbus.ObjectPath("/"), options)
	var profile, active dbus.ObjectPath
	if err == nil {
		err = added.Store(&profile, &active, new(map[string]dbus.Variant))
	}
	if err != nil {
		b.closeHandle()
		return err
	}
	b.mu.Lock()
	b.managed = n
	b.mu.Unlock()
	err = within(func() error {
		// A restarted NetworkManager first assumes the existing configuration of the link, with the forwarder, and gives it up
		// for this connection. So the connection must be activated, too.
		var state uint32
		if err := b.property(managerName, active, managerActive, "State", &state); err != nil {
			return err
		}
		if state != activated {
			return &msg.Error{Message: msg.DNSConnectionInactive(string(active), strconv.Itoa(int(state)))}
		}
		m, err := b.foundManager(n.Resolver)
		if err == nil && (m == nil || m.Resolver != n.Resolver) {
			err = &msg.Error{Message: msg.DNSServerIgnored()}
		}
		return err
	})
	if err != nil {
		// Removed, because NetworkManager might apply it later, when another backend is used already.
		_, _ = b.unsetManager(n)
	}
	return err
}

// unsetManager removes the link, and thereby the connection.
func (b *systemBus) unsetManager(n Names) (bool, error) {
	if !b.closeHandle() {
		return false, nil
	}
	b.mu.Lock()
	hung := b.isHung(managerName)
	b.mu.Unlock()
	if hung {
		// NetworkManager notices the missing link once it responds again.
		return true, nil
	}
	return true, within(func() error {
		if text, err := readFile(confPath); err == nil && slices.Contains(ReadConf(text).Servers, n.Resolver) {
			return &msg.Error{Message: msg.DNSServerKept(confPath)}
		}
		// If NetworkManager runs a local cache, its list is the one that matters.
		if m, err := b.foundManager(n.Resolver); m != nil && err == nil {
			return &msg.Error{Message: msg.DNSServerListed()}
		}
		return nil
	})
}

// within repeats ask until it succeeds or managerLimit is over.
func within(ask func() error) error {
	var err error
	for end := time.Now().Add(managerLimit); time.Now().Before(end); time.Sleep(managerStep) {
		if err = ask(); err == nil || errors.Is(err, errHung) {
			return err
		}
	}
	return err
}

// connection returns the settings of the connection (nm-settings-dbus(5)).
func connection(n Names) map[string]map[string]dbus.Variant {
	search := slices.Clone(n.Search)
	for _, d := range n.Domains {
		if !slices.Contains(n.Search, d) {
			search = append(search, "~"+d)
		}
	}
	if n.Everything {
		search = append(search, "~.")
	}
	// NetworkManager ignores the name server of a link without an address. The address is the name server's own, because
	// NetworkManager makes dnsmasq send queries through this link only, and nothing else of the host can be reached through it.
	address := map[string]dbus.Variant{
		"address": dbus.MakeVariant(n.Resolver.String()), "prefix": dbus.MakeVariant(uint32(n.Resolver.BitLen())),
	}
	server := n.Resolver.As4()
	return map[string]map[string]dbus.Variant{
		"connection": {
			"id": dbus.MakeVariant("SAG names"), "type": dbus.MakeVariant("tun"), "interface-name": dbus.MakeVariant(handle),
			"autoconnect": dbus.MakeVariant(false),
		},
		"tun": {"mode": dbus.MakeVariant(uint32(1))},
		"ipv4": {
			"method": dbus.MakeVariant("manual"), "address-data": dbus.MakeVariant([]map[string]dbus.Variant{address}),
			"never-default": dbus.MakeVariant(true), "dns": dbus.MakeVariant([]uint32{binary.NativeEndian.Uint32(server[:])}),
			"dns-search": dbus.MakeVariant(search), "dns-priority": dbus.MakeVariant(int32(priority)),
		},
		"ipv6": {"method": dbus.MakeVariant("ignore")},
	}
}

// openHandle creates the link. It exists at most as long as this process.
func (b *systemBus) openHandle() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.handle != nil {
		return nil
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq(handle)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("link %s: %w", handle, err)
	}
	b.handle = os.NewFile(uintptr(fd), handle)
	return nil
}

func (b *systemBus) closeHandle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.handle == nil {
		return false
	}
	_ = b.handle.Close()
	b.handle = nil
	return true
}
