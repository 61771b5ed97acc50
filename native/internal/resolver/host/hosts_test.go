package host

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestHostsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	text := "127.0.0.1 localhost\n# 10.0.0.9 no\n10.0.0.1\tPortal.corp.test. portal # here\nfd00::1 portal\nx y\n10.0.0.2\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := static(path)
	for name, want := range map[string]string{"portal.corp.test": "[10.0.0.1]", "portal": "[10.0.0.1 fd00::1]", "no": "[]", "y": "[]"} {
		if got := fmt.Sprint(lookup(name)); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
