//go:build unix

package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStateIsStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "state")
	first := open(t, path)
	key, err := first.Key()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := first.Identity(); ok || err != nil {
		t.Fatalf("an identity at the beginning: %v %v", ok, err)
	}
	if first.Port() != 0 {
		t.Fatal("a port at the beginning")
	}
	identity := Identity{AccessPointID: "ap-1", Token: "a secret"}
	if err := errors.Join(first.SaveIdentity(identity), first.SavePort(51820)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Fatalf("opened twice: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, path)
	again, err := second.Key()
	if err != nil || again != key {
		t.Fatalf("another key: %v", err)
	}
	if got, ok, err := second.Identity(); got != identity || !ok || err != nil {
		t.Fatalf("got %v %v", got.AccessPointID, err)
	}
	if second.Port() != 51820 {
		t.Fatalf("port %d", second.Port())
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, _ := entry.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", entry.Name(), info.Mode().Perm())
		}
	}
	if len(entries) != 4 {
		t.Errorf("%d files, want 4", len(entries))
	}
}

func open(t *testing.T, path string) *Directory {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	return d
}

func TestDirectoryModeIsRestricted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestDamagedFilesAreNotReplaced(t *testing.T) {
	path := t.TempDir()
	d := open(t, filepath.Join(path, "state"))
	for name, read := range map[string]func() error{
		keyFile:      func() error { _, err := d.Key(); return err },
		identityFile: func() error { _, _, err := d.Identity(); return err },
	} {
		// Cut, empty or zeros as after a power cut, and another file's content.
		for _, content := range []string{"{damaged", "", strings.Repeat("\x00", 4096), "{}", "null", "[]"} {
			if err := os.WriteFile(filepath.Join(path, "state", name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := read(); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s of %.8q: %v", name, content, err)
			}
		}
	}
}
