package route

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/hostnet/marks"
)

func found(table uint32, owned bool) Route {
	return Route{Scope: scopeOf(table, owned), Destination: netip.MustParsePrefix("10.0.0.0/8"), Kind: Via, Link: "wg0", Owned: owned, native: nativeRoute{table}}
}

// steering is the tunnel's rule as it is added.
func steering(priority, table uint32) rule {
	return rule{priority: priority, mark: marks.TunnelTraffic, not: true, table: table, owned: true}
}

func TestTunnelTable(t *testing.T) {
	for name, c := range map[string]struct {
		routes []Route
		rules  []rule
		want   uint32
	}{
		"no rules or routes":        {nil, []rule{{priority: 0, table: 255}}, marks.FirstTable},
		"in use by a rule":          {nil, []rule{{priority: 105, table: marks.FirstTable}}, marks.FirstTable + 1},
		"in use by a route":         {[]Route{found(marks.FirstTable, false)}, nil, marks.FirstTable + 1},
		"a rule of the tunnel's":    {nil, []rule{{priority: 7, table: 9}, steering(5200, 77)}, 77},
		"a route of the tunnel's":   {[]Route{found(marks.MainTable, true), found(78, true)}, nil, 78},
		"only in the host's routes": {[]Route{found(marks.MainTable, true)}, nil, marks.FirstTable},
	} {
		if got := tunnelTable(c.routes, c.rules); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestTunnelPriority(t *testing.T) {
	for name, c := range map[string]struct {
		rules []rule
		want  uint32
		free  bool
	}{
		"the host's own":              {[]rule{{priority: 0, table: 255}, {priority: 32766, table: marks.MainTable}}, marks.FirstPriority, true},
		"wg-quick":                    {[]rule{{priority: 32764, mark: 51820, not: true, table: 51820}, {priority: 32763, table: marks.MainTable, suppressDefault: true}}, marks.FirstPriority, true},
		"another program's before":    {[]rule{{priority: 105, table: 100}, {priority: 300, table: 101}}, 104, true},
		"the tunnel's does not count": {[]rule{steering(3, 7)}, marks.FirstPriority, true},
		"no room":                     {[]rule{{priority: 1, table: 100}}, 0, false},
	} {
		if got, free := tunnelPriority(c.rules); got != c.want || free != c.free {
			t.Errorf("%s: %d %v", name, got, free)
		}
	}
}

func TestSteeringMustPrecedeOtherRules(t *testing.T) {
	const table = marks.FirstTable
	changed := steering(5200, table)
	changed.mark = 7
	for name, c := range map[string]struct {
		rules       []rule
		ineffective bool
	}{
		"alone":                      {[]rule{steering(5200, table)}, false},
		"before another":             {[]rule{steering(5200, table), {priority: 5201, table: 9}}, false},
		"at the same priority":       {[]rule{steering(5200, table), {priority: 5200, table: 9}}, true},
		"behind another":             {[]rule{{priority: 100, table: 9}, steering(5200, table)}, true},
		"behind the very first":      {[]rule{{priority: 1, table: 9}, steering(2, table)}, true},
		"of another table":           {[]rule{steering(5200, table+1)}, true},
		"changed by another program": {[]rule{changed}, true},
		"a lower one than needed":    {[]rule{steering(99, table), {priority: 5300, table: 9}}, false},
	} {
		all := steeringOf(c.rules, table)
		if len(all) != 1 || all[0].Ineffective != c.ineffective {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// Line prints what `ip rule` and `ip route` print.
func TestLinesMatchIPOutput(t *testing.T) {
	s := steeringOf([]rule{steering(5200, 21319)}, 21319)[0]
	if line := s.Line(); line != "5200: not from all fwmark 0x53470000 lookup 21319" {
		t.Error(line)
	}
	if text := s.String(); text != "5200 (IPv4) not fwmark 0x53470000 lookup 21319" {
		t.Error(text)
	}
	if line := found(21319, true).Line(); line != "10.0.0.0/8 dev wg0 table 21319" {
		t.Error(line)
	}
	// A desired route or rule has no table or priority yet.
	if text := (Steering{IPv6: true}).String() + found(21319, true).Desired().String(); text != "for IPv610.0.0.0/8 dev wg0" {
		t.Error(text)
	}
}
