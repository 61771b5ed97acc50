package service

import (
	"os"
	"path/filepath"
	"testing"
)

// Users choose the ids: a reused one has nothing of the former session.
func TestNewSessionDirectoryIsEmpty(t *testing.T) {
	base := t.TempDir()
	first, err := newSessionDir(base, "a1b2", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(first.path, "session"), []byte("somebody's token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if at, err := wantedSessionDir(base); err != nil || at == nil || at.owner != 1000 || at.intranet != "a1b2" {
		t.Fatalf("%+v %v", at, err)
	}
	second, err := newSessionDir(base, "a1b2", 1001)
	if err != nil || second.owner != 1001 {
		t.Fatalf("%+v %v", second, err)
	}
	if at, err := wantedSessionDir(base); err != nil || at != nil {
		t.Fatalf("the former session is still saved: %+v %v", at, err)
	}
	if _, err := newSessionDir(base, "../x", 1001); err == nil {
		t.Error("a path was accepted as an id")
	}
}

// A directory without an owner is removed; of several, one is resumed and the others are removed.
func TestOnlyOneSessionIsResumed(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"aaaa", "bbbb", "cccc"} {
		s, err := newSessionDir(base, name, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.path, "session"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(base, "aaaa", ownerFile)); err != nil {
		t.Fatal(err)
	}
	at, _ := wantedSessionDir(base)
	if at == nil || at.intranet != "bbbb" {
		t.Fatalf("%+v", at)
	}
	left, _ := filepath.Glob(filepath.Join(base, "*"))
	if len(left) != 1 {
		t.Fatalf("left: %v", left)
	}
}
