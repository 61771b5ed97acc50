package reconcile

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/fake"
)

// Changed domains replace the former ones. Undoing the former ones would remove the new ones.
func TestNamesAreReplacedNotUndone(t *testing.T) {
	t.Run("systemd-resolved", func(t *testing.T) { replaced(t, dns.Names{Backend: dns.Resolved, Link: "sag0"}) })
	// Settings found in a file have no link.
	t.Run("a file", func(t *testing.T) { replaced(t, dns.Names{Backend: dns.File, Link: "sag0", Path: "/etc/resolv.conf"}) })
}

func replaced(t *testing.T, n dns.Names) {
	n.Resolver = netip.MustParseAddr("127.83.71.53")
	names := func(domain string) []hostnet.Change {
		n.Domains = []string{domain}
		one := n
		return []hostnet.Change{{Kind: hostnet.ChangeNames, Names: &one}}
	}
	m := fake.New(hostnet.Snapshot{})
	r, err := Open(m, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"one.test", "two.test"} {
		if err := r.Set(names(domain)); err != nil {
			t.Fatal(err)
		}
		at, _ := m.Snapshot()
		if at.Names.Ours == nil || at.Names.Ours.Domains[0] != domain {
			t.Fatalf("%s: %+v", domain, at.Names.Ours)
		}
	}
	if left := r.journal.Entries(); len(left) != 1 {
		t.Errorf("%d entries", len(left))
	}
	if undone, err := r.Clear(); err != nil || len(undone) != 1 {
		t.Error(undone, err)
	}
}
