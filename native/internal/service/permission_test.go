package service

import (
	"os"
	"strings"
	"testing"
)

// SECURITY.md has the same table as the code.
func TestPermissionsMatchSecurityMd(t *testing.T) {
	text, err := os.ReadFile("../../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- permissions: checked against native/internal/service/permission.go -->\n", "<!-- end of permissions -->"
	_, rest, found := strings.Cut(string(text), begin)
	table, _, closed := strings.Cut(rest, end)
	if !found || !closed || table != permissionTable() {
		t.Errorf("SECURITY.md has to have, after %s\n%s", begin, permissionTable())
	}
}

// An action without a row would be permitted to everybody.
func TestEveryActionHasPermissions(t *testing.T) {
	for a := range actions {
		if actionNames[a] == "" {
			t.Errorf("action %d has no name", a)
		}
		if permissions[a][administrator] != yes {
			t.Errorf("an administrator may not %s", actionNames[a])
		}
		everybody := a == seeInUse || a == seeLockdown || a == readOwnLog
		if (permissions[a][other] == yes) != everybody {
			t.Errorf("during somebody else's session: %s", actionNames[a])
		}
	}
}
