package lockdown

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/permit"
)

// kernel is a fake firewall that keeps its rules over restarts of the service, and closes the portal exception by itself.
type kernel struct {
	now    *Rules
	opened time.Time
	portal *captive.Exception
	clock  *time.Time
	fails  error
}

func (k *kernel) InForce() (*InForce, error) {
	if k.now == nil {
		return nil, nil
	}
	return &InForce{Digest: k.now.Digest(), Dropped: 3}, nil
}

func (k *kernel) Set(l Rules) error {
	if k.fails == nil {
		k.now = &l
	}
	return k.fails
}

func (k *kernel) Clear() (bool, error) {
	was := k.now != nil
	k.now = nil
	return was, nil
}

func (k *kernel) Capabilities() Capabilities { return DropsAll | Persists | Portals }

func (k *kernel) OpenPortal(link string, duration time.Duration) error {
	k.portal, k.opened = &captive.Exception{Link: link, Left: duration}, *k.clock
	return nil
}

func (k *kernel) Portal() (*captive.Exception, error) {
	if k.portal == nil || k.clock.Sub(k.opened) >= k.portal.Left {
		return nil, nil
	}
	return &captive.Exception{Link: k.portal.Link, Left: k.portal.Left - k.clock.Sub(k.opened)}, nil
}

func newHost(t interface{ TempDir() string }) (Config, *kernel) {
	clock := time.Unix(1000, 0)
	k := &kernel{clock: &clock}
	return Config{Dir: filepath.Join(t.TempDir(), "state"), Firewall: k, Links: "sag", Now: func() time.Time { return *k.clock }}, k
}

func opened(t testing.TB, c Config) *Keeper {
	t.Helper()
	k, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLockdownSurvivesARestart(t *testing.T) {
	config, kernel := newHost(t)
	k := opened(t, config)
	cloud := Cloud{Host: "cloud.example", Port: 8443, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	if err := errors.Join(k.Reaches(cloud, []permit.Endpoint{{Protocol: permit.UDP, AddrPort: netip.MustParseAddrPort("192.0.2.9:51820")}}, []string{"ap.example"}), k.Set(true, nil)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(config.Dir, fileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	before := *kernel.now
	kernel.now = nil // the host was restarted
	k = opened(t, config)
	if kernel.now == nil || kernel.now.Digest() != before.Digest() || !k.IsOn() {
		t.Fatalf("%+v", kernel.now)
	}
	if !slices.Equal(before.BypassNames, []string{"ap.example", "cloud.example"}) || before.Cloud[0].String() != "tcp/192.0.2.1:8443" {
		t.Errorf("%+v", before)
	}
	// A new address of a name is added to the old one.
	if err := k.Resolved("cloud.example", []netip.Addr{netip.MustParseAddr("192.0.2.2")}); err != nil || len(kernel.now.Cloud) != 2 {
		t.Errorf("%v %+v", err, kernel.now)
	}
	kernel.now = nil // another program has flushed it
	if err := k.Look(); err != nil || kernel.now == nil {
		t.Error("it is not restored")
	}
	if lifted, err := Lift(config); !lifted || err != nil || kernel.now != nil {
		t.Error(lifted, err)
	}
	if lifted, _ := Lift(config); lifted || opened(t, config).IsOn() {
		t.Error("lifted twice, or on again")
	}
}

func TestInvalidRecordIsLockdown(t *testing.T) {
	config, kernel := newHost(t)
	_ = os.MkdirAll(config.Dir, 0o700)
	if err := os.WriteFile(filepath.Join(config.Dir, fileName), []byte("{\"on\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	if k := opened(t, config); kernel.now == nil || k.Set(false, nil) != nil || kernel.now != nil {
		t.Error("not in force, or not to be lifted")
	}
}

func TestUnreadableRecordIsLockdown(t *testing.T) {
	config, kernel := newHost(t)
	if err := os.MkdirAll(filepath.Join(config.Dir, fileName), 0o700); err != nil {
		t.Fatal(err)
	}
	kernel.now = &Rules{} // as the early-boot unit has put it in force
	k := opened(t, config)
	if kernel.now == nil || !k.IsOn() {
		t.Error("it was lifted by damage")
	}
	// An error in saving the record must be reported, but lockdown must be turned off nevertheless.
	if err := k.Set(false, nil); err == nil || kernel.now != nil {
		t.Error("not to be lifted", err)
	}
}

func TestReadChangesNothing(t *testing.T) {
	config, kernel := newHost(t)
	if err := opened(t, config).Set(true, nil); err != nil {
		t.Fatal(err)
	}
	kernel.now = nil // another program has flushed it
	if s, err := Read(config).Status(); err != nil || s.On || s.By != ByAdministrator || kernel.now != nil {
		t.Errorf("%+v %v", s, err)
	}
	kernel.now = &Rules{Links: "other"}
	if s, err := Read(config).Status(); err != nil || !s.On || kernel.now.Links != "other" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestPortal(t *testing.T) {
	config, kernel := newHost(t)
	k := opened(t, config)
	if err := k.OpenPortal("", time.Minute, 0, true); !errors.Is(err, ErrNoLink) {
		t.Error(err)
	}
	for range portals {
		if err := k.OpenPortal("wlan0", time.Hour, 1000, false); err != nil || kernel.portal.Left != MaxPortal {
			t.Fatal(err, kernel.portal)
		}
	}
	if err := k.OpenPortal("wlan0", time.Minute, 1000, false); !errors.Is(err, ErrTooOften) {
		t.Error(err)
	}
	if err := k.OpenPortal("wlan0", time.Minute, 0, true); err != nil {
		t.Error(err)
	}
	// The limit is per user.
	if err := k.OpenPortal("wlan0", time.Minute, 1001, false); err != nil {
		t.Error(err)
	}
	*kernel.clock = kernel.clock.Add(portalsWithin + time.Second)
	if err := k.OpenPortal("wlan0", time.Minute, 1000, false); err != nil {
		t.Error(err)
	}
}

// In any order of actions of the administrator and of policies, including restarts: an administrator's setting takes precedence,
// a policy's is in force until it is withdrawn or the administrator turns it off, and the firewall always matches.
func TestAdministratorTakesPrecedence(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "sag-lockdown")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		config, kernel := newHost(t)
		config.Dir = dir
		k := opened(t, config)
		on, by, wants, lifted := false, By(""), "", false
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			instance := rapid.SampledFrom([]string{"one", "two"}).Draw(r, "instance")
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				err, on, by, lifted = k.Set(true, nil), true, ByAdministrator, false
			case 1:
				err, on, by, lifted = k.Set(false, nil), false, "", wants != ""
			case 2:
				err = k.Policy(instance, true)
				lifted = lifted && wants == instance
				wants = instance
				if !on && !lifted {
					on, by = true, ByPolicy
				}
			case 3:
				err = k.Policy(instance, false)
				if wants == instance {
					if wants, lifted = "", false; by == ByPolicy {
						on, by = false, ""
					}
				}
			case 4:
				kernel.now = nil
				k = opened(t, config)
			}
			if err != nil {
				r.Fatal(err)
			}
			if s, _ := k.Status(); s.On != on || s.By != by || (kernel.now != nil) != on {
				r.Fatalf("on %v by %q, should be on %v by %q", s.On, s.By, on, by)
			}
		}
	})
}
