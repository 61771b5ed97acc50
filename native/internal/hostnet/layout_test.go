package hostnet

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// linuxWords are concepts of Linux: an implementation for another system has nothing to do with them.
var linuxWords = regexp.MustCompile(`(?i)fwmark|nftables|netlink|policy ?routing|0x5347`)

// foreign are imports that a host's network has no use for: it serves clients and access points alike.
var foreign = regexp.MustCompile(`"sag\.software/native/(gen/|internal/(session|tunnel|service|control|accesspoint)\b)`)

// Plan, reconcile, journal and the neutral file of each package can be read without knowing Linux, and know no sessions.
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
