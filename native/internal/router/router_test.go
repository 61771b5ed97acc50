package router

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sag.software/native/internal/failure"
)

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func TestAddress(t *testing.T) {
	split := Policy{Routes: prefixes("10.0.0.0/8", "fd00:1::/32")}
	full := Policy{FullTunnel: true}
	for _, c := range []struct {
		address     string
		split, full bool
	}{
		{"10.1.2.3", true, true},
		{"::ffff:10.1.2.3", true, true},
		{"11.0.0.1", false, true},
		{"fd00:1::5", true, true},
		{"fd00:2::5", false, true},
		{"127.0.0.1", false, false},
		{"::1", false, false},
		{"::ffff:127.0.0.1", false, false},
		{"169.254.1.1", false, false},
		{"fe80::1%eth0", false, false},
		{"0.0.0.0", false, false},
		{"224.0.0.1", false, false},
	} {
		a := netip.MustParseAddr(c.address)
		if (split.Address(a) == Tunneled) != c.split || (full.Address(a) == Tunneled) != c.full {
			t.Errorf("%s: split %v full %v", c.address, split.Address(a), full.Address(a))
		}
	}
}

func TestName(t *testing.T) {
	some := Policy{NameServers: true, Domains: []string{"corp.test", "lan"}}
	all := Policy{NameServers: true}
	none := Policy{}
	for _, c := range []struct {
		name            string
		some, all, none bool
	}{
		{"corp.test", true, true, false},
		{"a.b.corp.test", true, true, false},
		{"xcorp.test", false, true, false},
		{"corp.test.evil", false, true, false},
		{"printer.lan", true, true, false},
		{"lan", true, true, false},
		{"localhost", false, false, false},
		{"x.localhost", false, false, false},
	} {
		if some.Name(c.name) != c.some || all.Name(c.name) != c.all || none.Name(c.name) != c.none {
			t.Errorf("%s: %v %v %v", c.name, some.Name(c.name), all.Name(c.name), none.Name(c.name))
		}
	}
}

func TestParseHost(t *testing.T) {
	for text, want := range map[string]Host{
		"10.0.0.1":          {Address: netip.MustParseAddr("10.0.0.1")},
		"10.0.0.1.":         {Address: netip.MustParseAddr("10.0.0.1")},
		"::ffff:10.0.0.1":   {Address: netip.MustParseAddr("10.0.0.1")},
		"[fd00::1]":         {Address: netip.MustParseAddr("fd00::1")},
		"Portal.CORP.test.": {Name: "portal.corp.test", Absolute: true},
		"portal。corp。test":  {Name: "portal.corp.test"},
		"PORTAL.corp.test":  {Name: "portal.corp.test"},
		"bücher.test":       {Name: "xn--bcher-kva.test"},
	} {
		if got, err := ParseHost(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "..", "a..b", "a b", "a/b", "a:b", "a\x00b", "-\n", strings.Repeat("a", 64), strings.Repeat("a.", 130), "%2e", "http://x"} {
		if got, err := ParseHost(text); failure.CauseOf(err) != failure.NameNotFound {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// ParseHost normalises names, so that every spelling of an intranet name is tunneled.
func TestEverySpellingOfADomainIsTunneled(t *testing.T) {
	rule := Policy{NameServers: true, Domains: []string{"corp.test"}}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`([a-z0-9]{1,8}[.]){0,3}`).Draw(t, "labels") + "corp.test"
		written := []rune(name)
		for i := range written {
			if rapid.Bool().Draw(t, "upper") {
				written[i] = []rune(strings.ToUpper(string(written[i])))[0]
			}
			if written[i] == '.' {
				written[i] = rapid.SampledFrom([]rune{'.', '。', '.', '。'}).Draw(t, "dot")
			}
		}
		text := string(written) + rapid.SampledFrom([]string{"", "."}).Draw(t, "end")
		h, err := ParseHost(text)
		if err == nil && !rule.Name(h.Name) {
			t.Fatalf("%q is not tunneled when written as %q", text, h.Name)
		}
	})
}

func FuzzParseHost(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "portal.corp.test", "。", "[::1]", "xn--a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHost(text)
		if err != nil {
			return
		}
		if h.Address.IsValid() == (h.Name != "") {
			t.Fatalf("%q: exactly one of name and address must be set: %v", text, h)
		}
		if again, err := ParseHost(h.Name); h.Name != "" && (err != nil || again.Name != h.Name) {
			t.Fatalf("parsing %q is not idempotent: %v, then %v %v", text, h, again, err)
		}
	})
}
