package killswitch

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/nettest"
)

// container makes a container as Docker does: with its own network behind the host, which forwards for it.
func container(t *testing.T) *nettest.Namespace {
	t.Helper()
	c := nettest.NewNamespace(t)
	for _, line := range []string{
		"link add docker0 type bridge", "addr add 192.168.200.1/24 dev docker0", "-6 addr add 2001:db8:200::1/64 dev docker0 nodad",
		"link add port type veth peer name eth0 netns " + c.PID(), "link set port master docker0 up", "link set docker0 up",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	c.Run("ip link set eth0 up", "ip addr add 192.168.200.2/24 dev eth0", "ip -6 addr add 2001:db8:200::2/64 dev eth0 nodad",
		"ip route add default via 192.168.200.1", "ip -6 route add default via 2001:db8:200::1")
	for _, name := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
	}
	nettest.Carries(t, "docker0")
	return c
}

// Firezone #6777 and others: a kill switch that only filters local programs leaks the packets that the host forwards for
// containers.
func TestContainersDoNotLeak(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l, c := lan(t), container(t)
	marker := netip.MustParseAddr("198.51.100.98")
	left := func(to string, port int, text string) bool {
		address := netip.MustParseAddr(to)
		c.Do(func() {
			_ = send(t, address, port, text)
			_ = send(t, marker, 9, "marker")
		})
		for _, packet := range l.captured.Until(marker) {
			if nettest.Destination(packet) == address {
				return true
			}
		}
		return false
	}
	if !left("10.80.0.5", 4000, "x") {
		t.Fatal("without a kill switch it should leave")
	}
	s := spec()
	s.Domains = []string{"corp.example"}
	apply(t, s)
	for _, to := range []struct {
		what, address string
		port          int
		text          string
		leaves        bool
	}{
		{"an intranet address", "10.80.0.5", 4000, "x", false},
		{"an intranet address, IPv6", "fd12::5", 4000, "x", false},
		{"an intranet's name", resolver.String(), 53, string(query(t, 1, "portal.Corp.example", true)), false},
		{"an access point", endpoint.Addr().String(), int(endpoint.Port()), "x", false},
		{"another name", resolver.String(), 53, string(query(t, 1, "www.example.net", true)), true},
		{"another address", "198.51.100.7", 4000, "x", true},
	} {
		if left(to.address, to.port, to.text) != to.leaves {
			t.Errorf("%s: left is not %v", to.what, to.leaves)
		}
	}

	if undone, err := System().Clear(s); !undone || err != nil {
		t.Fatal(undone, err)
	}
	locked := lockdown.Rules{Links: "sag", Endpoints: s.Endpoints, Cloud: s.Cloud}
	if !left("198.51.100.7", 4000, "x") {
		t.Fatal("without lockdown it should leave")
	}
	if err := lockdown.System().Set(locked); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = lockdown.System().Clear() }()
	for _, to := range []string{"10.80.0.5", "198.51.100.7", "2001:db8:9::1"} {
		// Nothing leaves, so no marker packet can arrive. The counter of dropped packets shows that all have been processed.
		before, err := lockdown.System().InForce()
		if err != nil || before == nil {
			t.Fatal(before, err)
		}
		c.Do(func() { _ = send(t, netip.MustParseAddr(to), 4000, "x") })
		nettest.Until(t, to+" is dropped", func() bool {
			now, err := lockdown.System().InForce()
			return err == nil && now != nil && now.Dropped > before.Dropped
		})
	}
}
