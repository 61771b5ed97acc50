package dns

import (
	"net/netip"
	"testing"

	"github.com/godbus/dbus/v5"
)

// NetworkManager's list as it comes over the bus. What it knows for the whole machine has no link.
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
		"ours and another":            {"default", ours, []entry{of("eth0", "192.0.2.1"), of(handle, ours.String())}, true},
		"ours, but asked second":      {"default", theirs, []entry{of(handle, ours.String())}, false},
		"ours behind a cache":         {"dnsmasq", netip.MustParseAddr("127.0.0.1"), []entry{of(handle, ours.String())}, true},
		"for the whole machine":       {"default", theirs, []entry{of("", "192.0.2.1")}, false},
		"a link like ours, no server": {"default", theirs, []entry{of(handle)}, false},
		"no address":                  {"default", ours, []entry{of(handle, "x")}, false},
		"nothing":                     {"default", ours, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := entry{"Mode": dbus.MakeVariant(c.mode), "Configuration": dbus.MakeVariant(c.entries)}
			if got := oursIn(all, c.first); (got != nil) != c.want {
				t.Error(got)
			}
		})
	}
	if got := oursIn(nil, ours); got != nil {
		t.Error("nothing said:", got)
	}
}
