package router

import (
	"slices"
	"strings"
	"testing"
)

// A wildcard record at the search domain must not take over the names of a home network: they are tried unchanged first.
func TestPrivateNamesAreTriedUnchangedFirst(t *testing.T) {
	p := Policy{NameServers: true, Domains: []string{"corp.test"}, Search: []string{"corp.test"}}
	machine := Search{Domains: []string{"fritz.box", "lan"}, Ndots: 1}
	for name, want := range map[string]struct{ candidates, first string }{
		// Short names: the intranet first.
		"payroll":     {"payroll.corp.test payroll.fritz.box payroll.lan payroll", "payroll.corp.test"},
		"git.eng":     {"git.eng.corp.test git.eng git.eng.fritz.box git.eng.lan", "git.eng.corp.test"},
		"www.corpnet": {"www.corpnet.corp.test www.corpnet www.corpnet.fritz.box www.corpnet.lan", "www.corpnet.corp.test"},
		// Names of the home network, and public ones.
		"router.home":      {"router.home router.home.corp.test router.home.fritz.box router.home.lan", ""},
		"printer.local":    {"printer.local printer.local.corp.test printer.local.fritz.box printer.local.lan", ""},
		"host.internal":    {"host.internal host.internal.corp.test host.internal.fritz.box host.internal.lan", ""},
		"intranet.corp":    {"intranet.corp intranet.corp.corp.test intranet.corp.fritz.box intranet.corp.lan", ""},
		"nas.home.arpa":    {"nas.home.arpa nas.home.arpa.corp.test nas.home.arpa.fritz.box nas.home.arpa.lan", ""},
		"pc.localdomain":   {"pc.localdomain pc.localdomain.corp.test pc.localdomain.fritz.box pc.localdomain.lan", ""},
		"speedport.ip":     {"speedport.ip speedport.ip.corp.test speedport.ip.fritz.box speedport.ip.lan", ""},
		"a.b.lan":          {"a.b.lan a.b.lan.corp.test a.b.lan.fritz.box a.b.lan.lan", ""},
		"www.example.com":  {"www.example.com www.example.com.corp.test www.example.com.fritz.box www.example.com.lan", ""},
		"portal.corp.test": {"portal.corp.test", ""},
		"lan":              {"lan.corp.test lan.fritz.box lan.lan lan", "lan.corp.test"},
	} {
		var names []string
		for _, c := range p.Candidates(Host{Name: name}, machine) {
			names = append(names, c.Name)
			if c.Tunneled != p.Name(c.Name) {
				t.Errorf("%s: %s tunneled: %t", name, c.Name, c.Tunneled)
			}
		}
		if got := strings.Join(names, " "); got != want.candidates {
			t.Errorf("%s is tried as\n%s, want\n%s", name, got, want.candidates)
		}
		if name == "a.b.lan" {
			continue // tested below
		}
		if q := p.Question(name, machine); strings.Join(q.First, " ") != want.first {
			t.Errorf("a query for %s waits for %q, want %q", name, q.First, want.first)
		}
	}
	// The intranet may use such a domain itself.
	own := Policy{NameServers: true, Domains: []string{"corp.internal", "lan"}, Search: []string{"corp.internal"}}
	for _, name := range []string{"git.corp.internal", "nas.lan"} {
		if c := own.Candidates(Host{Name: name}, machine); len(c) != 1 || !c[0].Tunneled || !own.Question(name, machine).Tunneled {
			t.Errorf("%s: %v", name, c)
		}
	}
}

// "nas.lan" may be "nas" completed by a program with the host's search domain, or a full name. If the intranet's search
// domains come first, a program completes with the host's domain only names that do not exist in the intranet.
func TestQuestionsForFullNames(t *testing.T) {
	pushed := Policy{NameServers: true, Domains: []string{"corp.test"}, Search: []string{"corp.test"}}
	unpushed := Policy{NameServers: true, Domains: []string{"corp.test"}}
	home := Search{Domains: []string{"lan"}, Ndots: 1}
	both := Search{Domains: []string{"lan", "corp.test"}, Ndots: 1}
	for _, c := range []struct {
		policy  *Policy
		machine Search
		name    string
		want    Question
	}{
		{&pushed, home, "nas.lan", Question{First: []string{"nas.corp.test"}, InFull: true}},
		{&pushed, both, "nas.lan", Question{First: []string{"nas.corp.test"}, InFull: true}},
		{&unpushed, both, "nas.lan", Question{First: []string{"nas.corp.test"}}},
		{&unpushed, home, "nas.lan", Question{}},
		{&pushed, Search{Domains: []string{"home.world"}}, "nas.home.world", Question{First: []string{"nas.corp.test"}}},
		{&pushed, home, "nas", Question{First: []string{"nas.corp.test"}}},
		{&pushed, home, "nas.home", Question{}},
	} {
		got := c.policy.Question(c.name, c.machine)
		if got.Tunneled != c.want.Tunneled || got.InFull != c.want.InFull || got.Nonexistent != c.want.Nonexistent || !slices.Equal(got.First, c.want.First) {
			t.Errorf("%s with %v: %+v, not %+v", c.name, c.machine.Domains, got, c.want)
		}
	}
}
