package hostnet_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/route"
)

// A route of the tunnel moves to the new link while the old one still exists; another program's route is not changed.
func TestRouteMovesToANewLink(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	for _, line := range []string{"link add la type veth peer name la2", "link add lb type veth peer name lb2", "link set la up", "link set lb up"} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	for family, prefix := range map[string]string{"-4": "10.80.0.0/16", "-6": "fd80::/64"} {
		by := func(link string) hostnet.Change {
			return hostnet.Change{Kind: hostnet.ChangeRoute, Route: &route.Route{
				Scope: route.Tunnel, Destination: netip.MustParsePrefix(prefix), Kind: route.Via, Link: link, Metric: 100,
			}}
		}
		show := func() string { return nettest.Run(t, "ip", family, "route", "show", "table", "21319") }
		for _, link := range []string{"la", "la", "lb"} {
			if err := m.Apply(by(link)); err != nil {
				t.Fatal(err)
			}
			if out := show(); strings.Count(out, "dev") != 1 || !strings.Contains(out, "dev "+link+" ") {
				t.Fatalf("by %s: %s", link, out)
			}
		}
		if undone, err := m.Undo(by("lb")); err != nil || !undone {
			t.Fatal(undone, err)
		}
		nettest.Run(t, "ip", family, "route", "add", prefix, "dev", "la", "table", "21319", "metric", "100")
		if err := m.Apply(by("lb")); !errors.Is(err, hostnet.ErrConflict) {
			t.Fatalf("in the place of another program's: %v", err)
		}
	}
}
