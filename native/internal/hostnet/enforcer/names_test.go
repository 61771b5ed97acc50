package enforcer

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/fake"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/reconcile"
	"sag.software/native/internal/hostnet/route"
)

// keeper is a host with a program that manages DNS and needs time to apply changes.
type keeper struct {
	*fake.Host
	// takes is how long it takes until DNS settings are in force; negative = never.
	takes time.Duration
}

func (k *keeper) Apply(c hostnet.Change) error {
	if c.Kind != hostnet.ChangeNames {
		return k.Host.Apply(c)
	}
	names := *c.Names
	if k.takes >= 0 {
		time.AfterFunc(k.takes, func() { k.Edit(func(s *hostnet.Snapshot) { s.Names.Ours = &names }) })
	}
	// The steps in between are signalled, too.
	k.Edit(func(*hostnet.Snapshot) {})
	return nil
}

// Changes signals a burst of changes once, as a host does.
func (k *keeper) Changes(ctx context.Context) (<-chan struct{}, error) {
	changes, err := k.Host.Changes(ctx)
	settled := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changes:
			}
			time.Sleep(100 * time.Millisecond)
			select {
			case settled <- struct{}{}:
			default:
			}
		}
	}()
	return settled, err
}

// takenAway removes the settings, as when the program restarts or another program changes them.
func (k *keeper) takenAway() { k.Edit(func(s *hostnet.Snapshot) { s.Names.Ours = nil }) }

type noLink struct{}

func (noLink) Close() error { return nil }

// noResolver is a Resolver that does nothing.
type noResolver struct{ Resolver }

func (noResolver) Address() netip.Addr { return netip.MustParseAddr("127.83.71.53") }
func (noResolver) Use(forward.Rules)   {}
func (noResolver) Drain()              {}
func (noResolver) Close()              {}

// startNames starts an enforcer on such a host.
func startNames(t *testing.T, k *keeper) *Enforcer[noLink] {
	t.Helper()
	r, err := reconcile.Open(k, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	e, _, err := Start(Config[noLink]{
		Host: k, Reconciler: r, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Changed: func() {},
		OpenLink: func(name string, _ int) (noLink, error) {
			k.Link(name)
			return noLink{}, nil
		},
		OpenResolver: func(string, netip.Addr, forward.Rules) (Resolver, error) { return noResolver{}, nil },
	}, plan.Intranet{
		MTU: 1400, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32")}, Routes: []netip.Prefix{netip.MustParsePrefix("10.55.0.0/16")},
		Servers: []netip.Addr{netip.MustParseAddr("10.55.0.53")}, Domains: []string{"corp.test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// It counts as interference if settings that were in force are removed, not if the program is still applying them.
func TestNamesAreCededToOthersOnly(t *testing.T) {
	const slow, never = 350 * time.Millisecond, -1
	for name, c := range map[string]struct {
		takes time.Duration
		do    func(*keeper)
		ceded bool
	}{
		"a slow manager": {slow, func(*keeper) {}, false},
		"its restart": {slow, func(k *keeper) {
			k.Edit(func(s *hostnet.Snapshot) {
				s.Names.Backend, s.Names.Away, s.Names.Ours = dns.File, dns.NetworkManager, nil
			})
			time.Sleep(time.Second)
			k.Edit(func(s *hostnet.Snapshot) { s.Names.Backend, s.Names.Away = dns.NetworkManager, "" })
		}, false},
		"a restart that was not detected":       {slow, (*keeper).takenAway, false},
		"a program that changes them once":      {0, (*keeper).takenAway, false},
		"a keeper that does not do it, in time": {never, (*keeper).takenAway, true},
		"a program that changes them twice": {slow, func(k *keeper) {
			k.takenAway()
			time.Sleep(time.Second)
			k.takenAway()
		}, true},
		"a program that changes them twice, in different networks": {slow, func(k *keeper) {
			k.takenAway()
			time.Sleep(time.Second)
			k.Edit(func(s *hostnet.Snapshot) { s.Names.Ours, s.Routes[0].Gateway = nil, netip.MustParseAddr("192.0.2.254") })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &keeper{takes: c.takes, Host: fake.New(hostnet.Snapshot{
					Status: route.Status{
						Capabilities: route.Scopes, Links: []route.LinkStatus{{Name: "eth0", Up: true}},
						Routes: []route.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Kind: route.Via, Link: "eth0", Gateway: netip.MustParseAddr("192.0.2.1")}},
					},
					Names: dns.Status{Backend: dns.NetworkManager, Others: []netip.Addr{netip.MustParseAddr("192.0.2.53")}},
				})}
				e := startNames(t, k)
				time.Sleep(2 * time.Second)
				c.do(k)
				// Within a few checks of settleInterval, without waiting for the regular one.
				time.Sleep(4 * settleLimit)
				if ceded := e.Names().Trouble.Text != ""; ceded != c.ceded {
					t.Errorf("ceded: %t", ceded)
				}
				if at, _ := k.Snapshot(); !c.ceded && at.Names.Ours == nil {
					t.Error("not in force")
				}
				if err := e.Trouble(); err != nil {
					t.Error(err)
				}
				e.Leave()
			})
		})
	}
}
