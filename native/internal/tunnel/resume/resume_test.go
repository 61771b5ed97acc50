//go:build unix

package resume

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/session"
)

func record() Record {
	return Record{
		IntranetID: "a1b2", Token: "the-secret-token", Cloud: session.Cloud{URL: "https://cloud.test", Pins: [][32]byte{{1, 2}}},
		Socks: "127.0.0.1:1080", HTTP: "127.0.0.1:8080", RefuseDirect: true, LeaseEnd: time.Hour,
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := Store{Dir: t.TempDir(), Boot: "boot"}
	if _, err := s.Load("a1b2"); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	for range 2 { // the second save replaces the first
		if err := s.Save(record()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Load("a1b2")
	if err != nil || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", record()) || got.Token != record().Token {
		t.Fatalf("%v %v", got, err)
	}
	info, err := os.Stat(s.path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), "the-secret") {
		t.Error("the token is printed")
	}
	if entries, _ := os.ReadDir(s.Dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if err := errors.Join(s.Remove(), s.Remove()); err != nil {
		t.Error(err)
	}
}

func TestInvalidFilesAreRemoved(t *testing.T) {
	good := func(t *testing.T, s Store) string {
		if err := s.Save(record()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(s.path())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write := func(t *testing.T, s Store, text string, mode os.FileMode) {
		_ = os.Remove(s.path())
		if err := os.WriteFile(s.path(), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, prepare := range map[string]func(*testing.T, Store){
		"empty":       func(t *testing.T, s Store) { write(t, s, "", 0o600) },
		"cut short":   func(t *testing.T, s Store) { text := good(t, s); write(t, s, text[:len(text)/2], 0o600) },
		"two in one":  func(t *testing.T, s Store) { text := good(t, s); write(t, s, text+text, 0o600) },
		"too large":   func(t *testing.T, s Store) { write(t, s, good(t, s)+strings.Repeat(" ", maxSize), 0o600) },
		"more fields": func(t *testing.T, s Store) { write(t, s, strings.Replace(good(t, s), "{", `{"exec":"sh",`, 1), 0o600) },
		"other version": func(t *testing.T, s Store) {
			write(t, s, strings.Replace(good(t, s), `"version":1`, `"version":9`, 1), 0o600)
		},
		"other boot": func(t *testing.T, s Store) {
			write(t, s, strings.Replace(good(t, s), `"boot"`+`:"boot"`, `"boot":"x"`, 1), 0o600)
		},
		"no token": func(t *testing.T, s Store) {
			write(t, s, strings.Replace(good(t, s), "the-secret-token", "", 1), 0o600)
		},
		"for everybody": func(t *testing.T, s Store) { write(t, s, good(t, s), 0o644) },
		"directory":     func(t *testing.T, s Store) { _ = os.Mkdir(s.path(), 0o700) },
		"link": func(t *testing.T, s Store) {
			elsewhere := filepath.Join(t.TempDir(), "elsewhere")
			write(t, s, good(t, s), 0o600)
			if err := errors.Join(os.Rename(s.path(), elsewhere), os.Symlink(elsewhere, s.path())); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if _, err := os.Stat(elsewhere); err != nil {
					t.Error("the link's target was removed")
				}
			})
		},
		"somebody else's": func(t *testing.T, s Store) {
			good(t, s)
			if os.Geteuid() != 0 {
				t.Skip("not run: giving a file away needs root")
			}
			if err := os.Chown(s.path(), 65534, 65534); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := Store{Dir: t.TempDir(), Boot: "boot"}
			prepare(t, s)
			_, err := s.Load("a1b2")
			if err == nil || errors.Is(err, ErrNone) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error contains the token: %v", err)
			}
			if _, err := os.Lstat(s.path()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("still there: %v", err)
			}
		})
	}
	t.Run("of another intranet", func(t *testing.T) {
		s := Store{Dir: t.TempDir(), Boot: "boot"}
		good(t, s)
		if _, err := s.Load("zzzz"); err == nil {
			t.Fatal("another intranet's record was loaded")
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"boot":"boot","intranet":"a1b2","token":"t","cloudUrl":"u","leaseEndNs":5}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Store{Dir: t.TempDir(), Boot: "boot"}
		if err := os.WriteFile(s.path(), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Load("a1b2"); err == nil && (r.Token == "" || r.LeaseEnd <= 0) {
			t.Fatal("an incomplete record was loaded")
		}
	})
}
