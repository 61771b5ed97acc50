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
	// handle is the link that NetworkManager is given to hang our name server on. Never the tunnel's own: whatever
	// NetworkManager makes its own, it clears of addresses and routes first, in all tables.
	handle = "sag-names"
	// priority is before every other connection's, and does not shut them out as a negative one would.
	priority      = 5
	managerActive = "org.freedesktop.NetworkManager.Connection.Active"
	// activated is NM_ACTIVE_CONNECTION_STATE_ACTIVATED.
	activated = 2
	// managerLimit is how long NetworkManager may take to see a link, and to write down a name server.
	managerLimit = 2 * time.Second
	// managerStep is the time between two looks at it.
	managerStep = 10 * time.Millisecond
)

// entry is one of NetworkManager's name servers, or of its properties.
type entry map[string]dbus.Variant

// read leaves alone what is not there, or is something else: name servers for the whole host have no link, for example.
func (e entry) read(key string, to any) {
	if v, found := e[key]; found {
		_ = v.Store(to)
	}
}

// askManager gives everything that NetworkManager says of its name servers.
func (b *systemBus) askManager() (entry, error) {
	var all entry
	err := b.call(managerName, dnsPath, "org.freedesktop.DBus.Properties.GetAll", &all, dnsManager)
	return all, err
}

// manager is what NetworkManager says about itself; nothing if it says nothing.
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

// oursIn is our name server among NetworkManager's, where programs ask `first` before all others; nil if it is not there.
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
		// Where there is a cache of its own before them, programs ask that.
		if err != nil || mode == "default" && a != first {
			return nil
		}
		return &Names{Backend: NetworkManager, Resolver: a}
	}
	return nil
}

// setManager hangs our name server on a link of its own, as a connection that NetworkManager forgets when we are gone.
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
		// A NetworkManager that was restarted takes the link up as it finds it, with our name server, and gives that up for this
		// connection first.
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
		// It may think better of it later, when names are done another way.
		_, _ = b.unsetManager(n)
	}
	return err
}

// unsetManager takes the link away, and the connection with it.
func (b *systemBus) unsetManager(n Names) (bool, error) {
	if !b.closeHandle() {
		return false, nil
	}
	b.mu.Lock()
	hung := b.isHung(managerName)
	b.mu.Unlock()
	if hung {
		// It sees that the link has gone as soon as it looks at anything.
		return true, nil
	}
	return true, within(func() error {
		if text, err := readFile(confPath); err == nil && slices.Contains(ReadConf(text).Servers, n.Resolver) {
			return &msg.Error{Message: msg.DNSServerKept(confPath)}
		}
		// A cache of its own is told when it is no longer in its list.
		if m, err := b.foundManager(n.Resolver); m != nil && err == nil {
			return &msg.Error{Message: msg.DNSServerListed()}
		}
		return nil
	})
}

// within asks until there is no error, for as long as NetworkManager may take.
func within(ask func() error) error {
	var err error
	for end := time.Now().Add(managerLimit); time.Now().Before(end); time.Sleep(managerStep) {
		if err = ask(); err == nil || errors.Is(err, errHung) {
			return err
		}
	}
	return err
}

// connection is it in NetworkManager's own words.
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
	// Without an address the link gets no name server. It is the name server's own: NetworkManager has its dnsmasq ask by this
	// link only, and by it nothing else of the host can be reached.
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

// openHandle makes the link, which lasts as long as this process at most.
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
