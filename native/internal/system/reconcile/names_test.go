package reconcile

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/fake"
)

// Changed domains take the place of the former ones: undoing those would undo these.
func TestNamesAreReplacedNotUndone(t *testing.T) {
	names := func(domain string) []system.Change {
		return []system.Change{{Kind: system.ChangeNames, Names: &dns.Names{
			Backend: dns.Resolved, Link: "sag0", Resolver: netip.MustParseAddr("127.83.71.53"), Domains: []string{domain},
		}}}
	}
	m := fake.New(system.Snapshot{})
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
