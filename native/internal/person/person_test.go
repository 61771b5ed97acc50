package person

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOf(t *testing.T) {
	known := func(name string) (uint32, bool) {
		id, ok := map[string]uint32{"anna": 1000, "1001": 1001, "root": 0}[name]
		return id, ok
	}
	ranges := parseSubordinates([]byte("anna:100000:65536\n1001:165536:10\n\n# x\nghost:200000:5\nroot:300000:5\nbad:1\nanna:x:5\nanna:0:5\nanna:400000:0\n"), known)
	s := subordinates{ranges: ranges}
	owner := func(uid uint32) uint32 {
		for _, r := range s.ranges {
			if uid >= r.first && uid-r.first < r.count {
				return r.owner
			}
		}
		return uid
	}
	for uid, want := range map[uint32]uint32{
		1000: 1000, 100_000: 1000, 165_535: 1000, 165_536: 1001, 165_545: 1001, 165_546: 165_546,
		200_004: 200_000, 300_001: 300_000, 400_000: 400_000, 1: 1,
	} {
		if got := owner(uid); got != want {
			t.Errorf("%d is %d, want %d", uid, got, want)
		}
	}
}

func TestChangesOfSubordinateIDsAreRead(t *testing.T) {
	former := subordinateFile
	subordinateFile = filepath.Join(t.TempDir(), "subuid")
	t.Cleanup(func() { subordinateFile = former })
	s := &subordinates{}
	if got := s.ownerOf(100_005); got != 100_005 {
		t.Errorf("without a list: %d", got)
	}
	for text, want := range map[string]uint32{"1000:100000:10\n": 1000, "12345:100000:100\n": 12345} {
		if err := os.WriteFile(subordinateFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := s.ownerOf(100_005); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	if s.ownerOf(0) != 0 {
		t.Error("root must map to root")
	}
}
