package hostnet

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// linuxWords are terms of Linux, which must not appear in code for other systems.
var linuxWords = regexp.MustCompile(`(?i)fwmark|nftables|netlink|policy ?routing|0x5347`)

// foreign are imports that hostnet must not have, because clients and access points share it.
var foreign = regexp.MustCompile(`"sag\.software/native/(gen/|internal/(session|tunnel|service|control|accesspoint)\b)`)

// Plan, reconcile, journal and the portable file of each package contain no terms of Linux and do not depend on sessions.
func TestLinuxStaysInLinuxFiles(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || path == "layout_test.go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		isLinux := strings.HasSuffix(path, "_linux.go") || strings.HasSuffix(path, "_linux_test.go")
		if word := linuxWords.Find(text); word != nil && !isLinux {
			t.Errorf("%s: %q", path, word)
		}
		if found := foreign.Find(text); found != nil {
			t.Errorf("%s imports %s", path, found)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files: %v", files, err)
	}
}
