package trust

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func pin(c string) string { return strings.Repeat(c, 64) }

func mustNew(t *testing.T, url, code string, pins ...string) Cloud {
	t.Helper()
	c, err := New(url, code, pins)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"https://VPN.example":              "https://vpn.example:443",
		"HTTPS://vpn.example:443/":         "https://vpn.example:443",
		"https://vpn.example:0443":         "https://vpn.example:443",
		"https://[2001:DB8::1]:8443":       "https://[2001:db8::1]:8443",
		"https://vpn.example:8443":         "https://vpn.example:8443",
		"http://vpn.example":               "",
		"https://user@vpn.example":         "",
		"https://vpn.example/other":        "",
		"https://vpn.example?x":            "",
		"https://vpn.example#x":            "",
		"https://vpn.example:0":            "",
		"https://vpn.example:65536":        "",
		"https://":                         "",
		"https://evil.example\\@good:8443": "",
	} {
		if got := Canonical(text); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestTrustNeedsURLAndCode(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "state")}
	if found, err := s.Find("https://vpn.example", "AAAAA"); found != nil || err != nil {
		t.Fatalf("%v %v", found, err)
	}
	if err := s.Add(mustNew(t, "https://vpn.example", "aaaaa", pin("1"), pin("2"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url, code string
		want      bool
	}{
		{"https://vpn.example:443", "AAAAA", true}, {"https://VPN.example/", "aaaaa", true},
		{"https://vpn.example", "BBBBB", false}, {"https://vpn.example:8443", "AAAAA", false},
		{"https://other.example", "AAAAA", false}, {"https://vpn.example", "", false}, {"", "AAAAA", false},
	} {
		found, err := s.Find(c.url, c.code)
		if err != nil || (found != nil) != c.want {
			t.Errorf("%s %s: %v %v", c.url, c.code, found, err)
		}
	}
	info, err := os.Stat(filepath.Join(s.Dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	// One URL is one cloud instance: an entry with a second code updates the pins of the first.
	if err := s.Add(mustNew(t, "https://vpn.example", "BBBBB", pin("3"))); err != nil {
		t.Fatal(err)
	}
	if found, _ := s.Find("https://vpn.example", "AAAAA"); found == nil || len(found.Pins) != 1 || found.Pins[0][0] != 0x33 {
		t.Errorf("%v", found)
	}
	if removed, err := s.Remove("https://vpn.example", "AAAAA"); !removed || err != nil {
		t.Errorf("%v %v", removed, err)
	}
	if removed, err := s.Remove("https://vpn.example", "AAAAA"); removed || err != nil {
		t.Errorf("%v %v", removed, err)
	}
	if found, _ := s.Find("https://vpn.example", "AAAAA"); found != nil {
		t.Error("still trusted")
	}
}

func TestLearn(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	pinned, byAuthority := mustNew(t, "https://a.example", "AAAAA", pin("1"), pin("2")), mustNew(t, "https://b.example", "BBBBB")
	for _, c := range []Cloud{pinned, byAuthority} {
		if err := s.Add(c); err != nil {
			t.Fatal(err)
		}
		if err := s.Learn(c.URL, [][32]byte{{7}, {8}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Learn("https://c.example", [][32]byte{{7}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Learn(pinned.URL, nil); err != nil {
		t.Fatal(err)
	}
	all, err := s.List()
	if err != nil || len(all) != 2 || len(all[0].Pins) != 2 || all[0].Pins[0] != [32]byte{7} || len(all[1].Pins) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestDamagedListTrustsNothing(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	if err := s.Add(mustNew(t, "https://vpn.example", "AAAAA")); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `[{"url":"https://vpn.example","code":"AAAAA","pins":["xx"]}]`, `[{"url":"http://vpn.example","code":"AAAAA"}]`} {
		if err := os.WriteFile(filepath.Join(s.Dir, fileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Find("https://vpn.example", "AAAAA"); found != nil || err == nil {
			t.Errorf("%q: %v %v", text, found, err)
		}
	}
}

func TestInvalidEntriesAreRejected(t *testing.T) {
	for _, c := range [][3]string{
		{"http://x", "AAAAA", pin("1")}, {"https://x", "AAAA", pin("1")}, {"https://x", "AAAA!", pin("1")}, {"https://x", "AAAAA", "11"},
	} {
		if _, err := New(c[0], c[1], c[2:]); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestConcurrentChanges(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	var all sync.WaitGroup
	for _, code := range []string{"AAAAA", "BBBBB", "CCCCC", "DDDDD", "EEEEE", "FFFFF"} {
		c := mustNew(t, "https://vpn.example", code, pin("1"))
		all.Go(func() {
			if err := s.Add(c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := s.List(); err != nil || len(list) != 6 {
		t.Errorf("%v %v", list, err)
	}
}
