package reconcile

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/fake"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/route"
)

var errKilled = errors.New("killed")

func machine() hostnet.Snapshot {
	return hostnet.Snapshot{Status: route.Status{
		Capabilities: route.Scopes | route.IPv6,
		Links:        []route.LinkStatus{{Name: "eth0", Up: true}},
		Routes: []route.Route{
			{Destination: netip.MustParsePrefix("10.1.2.0/24"), Kind: route.Via, Link: "eth0"},
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Kind: route.Via, Link: "eth0", Gateway: netip.MustParseAddr("10.1.2.1")},
		},
	}}
}

func intranet(routes ...string) plan.Intranet {
	in := plan.Intranet{MTU: 1400, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32"), netip.MustParsePrefix("fd00::9/128")}}
	for _, r := range routes {
		in.Routes = append(in.Routes, netip.MustParsePrefix(r))
	}
	return in
}

// connect does what the service does. An error means that it was killed there.
func connect(m *fake.Host, dir string, in plan.Intranet) error {
	r, err := Open(m, dir)
	if err != nil {
		return err
	}
	defer r.Close()
	at, _ := m.Snapshot()
	chosen, err := plan.Choose(at, "sag")
	if err != nil {
		return err
	}
	m.Link(chosen.Link)
	return r.Set(plan.Make(in, chosen, at).Changes)
}

func disconnect(m *fake.Host, dir string) error {
	r, err := Open(m, dir)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Clear()
	return err
}

// After a kill before any step, a restart or a repair, with a complete or truncated journal, the host is as before in the end.
func TestHostIsRestoredAfterCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, err := os.MkdirTemp("", "sag-reconcile")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(base)
		dir := filepath.Join(base, "journal")
		before := machine()
		m := fake.New(before)
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			in := intranet("10.0.0.0/8", "172.16.0.0/12", "fd12::/48")
			if rapid.Bool().Draw(t, "other routes") {
				in = intranet("10.0.0.0/8", "192.168.0.0/16")
			}
			steps := rapid.IntRange(0, 30).Draw(t, "dies after")
			m.Before = func(hostnet.Change) error {
				if steps--; steps < 0 {
					return errKilled
				}
				return nil
			}
			if rapid.Bool().Draw(t, "connects") {
				err = connect(m, dir, in)
			} else {
				err = disconnect(m, dir)
			}
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			m.Before = nil
			m.Kill("sag0")
			if rapid.Bool().Draw(t, "journal is cut") {
				path := filepath.Join(dir, "journal")
				if bytes, err := os.ReadFile(path); err == nil && len(bytes) > 0 {
					_ = os.Truncate(path, int64(rapid.IntRange(0, len(bytes)-1).Draw(t, "at")))
				}
			}
		}
		if _, err := Repair(m, dir); err != nil {
			t.Fatal(err)
		}
		after, _ := m.Snapshot()
		if !slices.Equal(after.Routes, before.Routes) || !slices.Equal(after.Steering, before.Steering) || len(after.Links) != len(before.Links) {
			t.Fatalf("not as before: %v %v %v", after.Links, after.Routes, after.Steering)
		}
		if undone, err := Repair(m, dir); err != nil || len(undone) != 0 {
			t.Fatalf("a second repair found %v, %v", undone, err)
		}
	})
}

// From the first kill switch on, through any number of crashes, intranet packets are tunneled or refused.
func TestCrashDoesNotLeak(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	m := fake.New(machine())
	if err := connect(m, dir, intranet("10.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	inside := netip.MustParseAddr("10.1.2.77")
	shut := func(hostnet.Change) error {
		if way, _ := m.Way(inside); way.Kind != route.Unreachable && way.Link != "sag0" {
			t.Fatalf("%s leaves by %v", inside, way)
		}
		return nil
	}
	m.Before = shut
	for range 5 {
		m.Kill("sag0")
		_ = shut(hostnet.Change{})
		if err := connect(m, dir, intranet("10.0.0.0/8", "172.16.0.0/12")); err != nil {
			t.Fatal(err)
		}
	}
	if way, _ := m.Way(inside); way.Link != "sag0" {
		t.Fatalf("%v", way)
	}
	if gateway, _ := m.Way(netip.MustParseAddr("10.1.2.1")); gateway.Link != "eth0" {
		t.Fatalf("the LAN's gateway is reached by %v", gateway)
	}
}

func TestAfterARestartOnlyFilesAreUndone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	m := fake.New(machine())
	r, err := Open(m, dir)
	if err != nil {
		t.Fatal(err)
	}
	file := hostnet.Change{Kind: hostnet.ChangeNames, Names: &dns.Names{Backend: dns.File, Path: "/etc/resolv.conf"}}
	steering := hostnet.Change{Kind: hostnet.ChangeSteering, Steering: &route.Steering{}}
	if err := errors.Join(r.Set([]hostnet.Change{file, steering}), r.Close()); err != nil {
		t.Fatal(err)
	}
	m.Reboot("boot-2", machine())
	m.Before = func(c hostnet.Change) error {
		if !c.SurvivesBoot() {
			t.Fatalf("%s of an earlier boot was undone", c)
		}
		return nil
	}
	if r, err = Open(m, dir); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	at, _ := m.Snapshot()
	if left, _ := r.InForce(); len(left) != 0 || at.Names.Ours != nil || r.JournalSize() != 0 {
		t.Fatalf("%v, names %v, %d bytes", left, at.Names.Ours, r.JournalSize())
	}
}

func TestOtherProgramsEntriesAreNotChanged(t *testing.T) {
	at := machine()
	at.Routes = append(at.Routes, route.Route{Scope: route.Tunnel, Destination: netip.MustParsePrefix("10.0.0.0/8"), Kind: route.Unreachable})
	m := fake.New(at)
	if undone, err := Repair(m, filepath.Join(t.TempDir(), "journal")); err != nil || len(undone) != 0 {
		t.Fatal(undone, err)
	}
	after, _ := m.Snapshot()
	if !slices.Equal(after.Routes, at.Routes) {
		t.Fatal("another program's route was removed")
	}
}
