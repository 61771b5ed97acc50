package rules

import (
	"net/netip"
	"slices"
	"testing"
)

func TestDestinations(t *testing.T) {
	ten, six := netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("fd10::/64")
	later := AllowTo(ten)
	later.Priority = 7
	onlyTCP, deny, inward, ports := AllowTo(ten), AllowTo(ten), AllowTo(ten), AllowTo(ten)
	onlyTCP.Protocol, deny.Action, inward.Direction, ports.Ports = TCP, Deny, ToClient, []PortRange{{1, 2}}
	got := Destinations([]Rule{later, AllowTo(six), onlyTCP, deny, inward, ports})
	if !slices.Equal(got, []netip.Prefix{six, netip.MustParsePrefix("10.0.0.0/8")}) {
		t.Errorf("got %v", got)
	}
}
