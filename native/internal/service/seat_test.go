package service

import (
	"os"
	"path/filepath"
	"testing"
)

// Ids are chosen by users: whoever takes one finds nothing of a former session under it.
func TestASeatTakesNothingOver(t *testing.T) {
	base := t.TempDir()
	first, err := newSeat(base, "a1b2", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(first.dir, "session"), []byte("somebody's token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if at, err := wantedSeat(base); err != nil || at == nil || at.owner != 1000 || at.intranet != "a1b2" {
		t.Fatalf("%+v %v", at, err)
	}
	second, err := newSeat(base, "a1b2", 1001)
	if err != nil || second.owner != 1001 {
		t.Fatalf("%+v %v", second, err)
	}
	if at, err := wantedSeat(base); err != nil || at != nil {
		t.Fatalf("the former session is wanted still: %+v %v", at, err)
	}
	if _, err := newSeat(base, "../x", 1001); err == nil {
		t.Error("a path was taken for an id")
	}
}

// What can not be told whose it is is nobody's; of several, one is taken up and the others are gone.
func TestOneSeatIsTakenUp(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"aaaa", "bbbb", "cccc"} {
		s, err := newSeat(base, name, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "session"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(base, "aaaa", ownerFile)); err != nil {
		t.Fatal(err)
	}
	at, _ := wantedSeat(base)
	if at == nil || at.intranet != "bbbb" {
		t.Fatalf("%+v", at)
	}
	left, _ := filepath.Glob(filepath.Join(base, "*"))
	if len(left) != 1 {
		t.Fatalf("left: %v", left)
	}
}
