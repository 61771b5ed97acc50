package dns

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	read := func(t *testing.T, path string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	manager := func(t *testing.T) (*Manager, string) {
		path := filepath.Join(t.TempDir(), "resolv.conf")
		return &Manager{conf: path, bus: noBus{}}, path
	}
	set := func(t *testing.T, m *Manager) Names {
		t.Helper()
		n := Names{Backend: File, Path: m.Status("").Path, Resolver: ours, Everything: true}
		if err := m.Set(n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	unset := func(t *testing.T, m *Manager, n Names) {
		t.Helper()
		for _, want := range []bool{true, false} {
			if there, err := m.Clear(n); there != want || err != nil {
				t.Fatal(there, err)
			}
		}
	}
	t.Run("mode kept, text restored", func(t *testing.T) {
		m, path := manager(t)
		write(t, path, "nameserver 192.0.2.1")
		n := set(t, m)
		if found := m.Status(""); !found.Has(n) || len(m.Leftovers()) != 1 {
			t.Errorf("%+v", found)
		}
		if outside := m.Direct(); len(outside) != 1 || outside[0].String() != "192.0.2.1" {
			t.Error(outside)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Error(info.Mode(), err)
		}
		unset(t, m, n)
		if text := read(t, path); text != "nameserver 192.0.2.1" {
			t.Errorf("%q", text)
		}
	})
	// Another program changed the file in the meantime. Its content must remain (netbird #1399).
	t.Run("not restored from an old copy", func(t *testing.T) {
		m, path := manager(t)
		write(t, path, "nameserver 192.0.2.1\n")
		n := set(t, m)
		write(t, path, "nameserver 198.51.100.1\n"+read(t, path)+"search cafe.test\n")
		if m.Status("").Has(n) {
			t.Error("not being first is not noticed")
		}
		unset(t, m, n)
		if text := read(t, path); text != "nameserver 198.51.100.1\nnameserver 192.0.2.1\nsearch cafe.test\n" {
			t.Errorf("%q", text)
		}
	})
	t.Run("no file before", func(t *testing.T) {
		m, path := manager(t)
		n := set(t, m)
		unset(t, m, n)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	t.Run("behind links", func(t *testing.T) {
		m, path := manager(t)
		real := filepath.Join(t.TempDir(), "real.conf")
		write(t, real, "nameserver 192.0.2.1\n")
		if err := os.Symlink(real, path); err != nil {
			t.Fatal(err)
		}
		n := set(t, m)
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Error("the link was replaced", err)
		}
		if n.Path != real {
			t.Error(n.Path)
		}
		unset(t, m, n)
	})
	t.Run("a link into nothing is refused", func(t *testing.T) {
		m, path := manager(t)
		if err := os.Symlink(path+".gone", path); err != nil {
			t.Fatal(err)
		}
		if found := m.Status(""); found.Path != path || found.Ours != nil {
			t.Errorf("%+v", found)
		}
		if err := m.Set(Names{Backend: File, Path: path, Resolver: netip.MustParseAddr("127.0.0.9")}); !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	})
	t.Run("no ordinary file", func(t *testing.T) {
		m, path := manager(t)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := m.Set(Names{Backend: File, Path: path, Resolver: ours}); !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	})
}
