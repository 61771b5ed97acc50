package dns

import (
	"net/netip"
	"os"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"

	"sag.software/native/internal/hostnet/sleep/sleeptest"
)

// NetworkManager's list of name servers as sent over D-Bus. Entries for the whole host have no link.
func TestOursIn(t *testing.T) {
	of := func(link string, servers ...string) entry {
		e := entry{"nameservers": dbus.MakeVariant(servers), "priority": dbus.MakeVariant(int32(5))}
		if link != "" {
			e["interface"] = dbus.MakeVariant(link)
		}
		return e
	}
	theirs := netip.MustParseAddr("192.0.2.1")
	for name, c := range map[string]struct {
		mode    string
		first   netip.Addr
		entries []entry
		want    bool
	}{
		"own server and another":        {"default", ours, []entry{of("eth0", "192.0.2.1"), of(handle, ours.String())}, true},
		"own server second in the file": {"default", theirs, []entry{of(handle, ours.String())}, false},
		"own server behind a cache":     {"dnsmasq", netip.MustParseAddr("127.0.0.1"), []entry{of(handle, ours.String())}, true},
		"for the whole machine":         {"default", theirs, []entry{of("", "192.0.2.1")}, false},
		"own link without a server":     {"default", theirs, []entry{of(handle)}, false},
		"no address":                    {"default", ours, []entry{of(handle, "x")}, false},
		"nothing":                       {"default", ours, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := entry{"Mode": dbus.MakeVariant(c.mode), "Configuration": dbus.MakeVariant(c.entries)}
			if got := oursIn(all, c.first); (got != nil) != c.want {
				t.Error(got)
			}
		})
	}
	if got := oursIn(nil, ours); got != nil {
		t.Error("without settings:", got)
	}
}

// restarted is a NetworkManager that has taken over the link with the forwarder from before its restart, and gives that up when
// the link gets a new connection. Each read of the connection's state advances it by a step.
type restarted struct {
	looks atomic.Int64
	// left is how often the forwarder is still listed after the link has gone; negative while the link exists.
	left atomic.Int64
}

const activeAt = 3

func (r *restarted) GetDeviceByIpIface(string) (dbus.ObjectPath, *dbus.Error) {
	return "/device", nil
}

func (r *restarted) AddAndActivateConnection2(
	map[string]map[string]dbus.Variant, dbus.ObjectPath, dbus.ObjectPath, map[string]dbus.Variant,
) (profile, active dbus.ObjectPath, result map[string]dbus.Variant, err *dbus.Error) {
	return "/profile", "/active", map[string]dbus.Variant{}, nil
}

// Get returns the state of the connection: activating, then activated.
func (r *restarted) Get(string, string) (dbus.Variant, *dbus.Error) {
	if r.looks.Add(1) < activeAt {
		return dbus.MakeVariant(uint32(1)), nil
	}
	return dbus.MakeVariant(uint32(activated)), nil
}

// GetAll returns the name servers. The forwarder is missing for a while in between.
func (r *restarted) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	entries := []map[string]dbus.Variant{{"interface": dbus.MakeVariant(handle), "nameservers": dbus.MakeVariant([]string{ours.String()})}}
	switch left := r.left.Load(); {
	case left > 0:
		r.left.Add(-1)
	case left == 0 || r.looks.Load() == activeAt-1:
		entries = nil
	}
	return map[string]dbus.Variant{"Mode": dbus.MakeVariant("default"), "Configuration": dbus.MakeVariant(entries)}, nil
}

// A forwarder listed from before the restart does not mean that the new connection is in force, and it counts as removed once it
// is not listed.
func TestSetWaitsForNetworkManager(t *testing.T) {
	address, _ := sleeptest.Bus(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bus.Close() }()
	manager := &restarted{}
	manager.left.Store(-1)
	const properties = "org.freedesktop.DBus.Properties"
	for _, of := range []struct {
		path dbus.ObjectPath
		name string
	}{{managerPath, managerMain}, {"/active", properties}, {dnsPath, properties}} {
		if err := bus.Export(manager, of.path, of.name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bus.RequestName(managerName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	b := newBus().(*systemBus)
	// Stands for the link.
	if b.handle, err = os.Open(os.DevNull); err != nil {
		t.Fatal(err)
	}
	defer b.closeHandle()
	if err := b.set(Names{Backend: NetworkManager, Resolver: ours, Domains: []string{"corp.test"}}); err != nil {
		t.Fatal(err)
	}
	if looks := manager.looks.Load(); looks < activeAt {
		t.Errorf("set after %d looks, before the connection was activated", looks)
	}
	manager.left.Store(2)
	if undone, err := b.unset(Names{Backend: NetworkManager, Resolver: ours}); !undone || err != nil {
		t.Fatal(undone, err)
	}
	if left := manager.left.Load(); left != 0 {
		t.Errorf("unset returned while the name server was still listed: %d", left)
	}
}
