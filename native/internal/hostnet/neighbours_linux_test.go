package hostnet_test

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/permit"
)

// Neighbour discovery for an intranet address on a LAN with the same prefix ends when the kill switch is set.
func TestKillSwitchEndsNeighbourDiscovery(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	for _, line := range []string{
		"link add net0 type veth peer name far", "link set far up", "link set net0 up", "addr add 10.80.0.2/16 dev net0",
		"addr add 192.0.2.2/24 dev net0", "-6 addr add fd80::2/64 dev net0 nodad",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	nettest.Carries(t, "net0")
	// More than the default of three requests, because on a slow host they could all have been sent before.
	for _, family := range []string{"ipv4", "ipv6"} {
		if err := os.WriteFile("/proc/sys/net/"+family+"/neigh/net0/mcast_solicit", []byte("60"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hosts := map[string]bool{"10.80.0.5": true, "fd80::5": true, "192.0.2.5": false, "10.80.0.1": false, "10.80.0.7": false}
	for host := range hosts {
		conn, err := net.Dial("udp", net.JoinHostPort(host, "9"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("x"))
		_ = conn.Close()
	}
	asking := func(host string) bool {
		return strings.Contains(nettest.Run(t, "ip", "neigh", "show", host), "INCOMPLETE")
	}
	for host := range hosts {
		if !asking(host) {
			t.Fatalf("no neighbour discovery for %s: %s", host, nettest.Run(t, "ip", "neigh"))
		}
	}
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	spec := killswitch.Config{
		Link: "sag0", Tunneled: []netip.Prefix{netip.MustParsePrefix("10.80.0.0/16"), netip.MustParsePrefix("fd80::/64")},
		Endpoints:    []permit.Endpoint{{Protocol: permit.UDP, AddrPort: netip.MustParseAddrPort("10.80.0.7:51820")}},
		LinkServices: []killswitch.Net{{Prefix: netip.MustParsePrefix("10.80.0.1/32"), Link: "net0"}},
	}
	if err := m.Apply(hostnet.Change{Kind: hostnet.ChangeKillSwitch, KillSwitch: &spec}); err != nil {
		t.Fatal(err)
	}
	for host, ended := range hosts {
		if asking(host) == ended {
			t.Errorf("%s: %s", host, nettest.Run(t, "ip", "neigh"))
		}
	}
}
