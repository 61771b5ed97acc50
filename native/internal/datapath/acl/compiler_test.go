package acl

import (
	"net/netip"
	"runtime"
	"slices"
	"testing"

	"sag.software/native/internal/datapath/rules"
)

func TestClientsShareTheirCompiledList(t *testing.T) {
	all := rules.Rule{Direction: rules.FromClient, Prefix: netip.MustParsePrefix("10.0.0.0/8"), Action: rules.Deny}
	some := all
	some.Client = netip.MustParsePrefix("10.90.0.2/32")
	c, other := NewCompiler(NewCounters()), []netip.Addr{netip.MustParseAddr("10.90.0.3")}
	list := []rules.Rule{all, all}
	first := c.Compile(list, clients)
	if c.Compile(list, other) != first {
		t.Error("a list that concerns everybody was compiled twice")
	}
	if c.Compile(list[:1], other) == first || c.Compile(slices.Clone(list), other) == first {
		t.Error("other rules got the same list")
	}
	restricted := []rules.Rule{all, some}
	if mine, theirs := c.Compile(restricted, clients), c.Compile(restricted, other); len(mine.Rules()) != 2 || len(theirs.Rules()) != 1 {
		t.Errorf("%d and %d rules", len(mine.Rules()), len(theirs.Rules()))
	}
	for i := range 10 * leastSweep {
		c.Compile([]rules.Rule{all}, clients)
		if i%leastSweep == 0 {
			runtime.GC()
		}
	}
	if len(c.shared) > 4*leastSweep {
		t.Errorf("%d lists are kept", len(c.shared))
	}
}
