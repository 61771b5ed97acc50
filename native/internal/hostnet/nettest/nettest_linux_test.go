package nettest

import (
	"testing"
)

func TestReason(t *testing.T) {
	const skipped = "=== RUN   TestA\n=== RUN   TestA/b\n    keeper_linux.go:63: not run: needs a keeper, unpacked\n--- SKIP: TestA (0.00s)\n    --- SKIP: TestA/b (0.00s)\nPASS\n"
	for _, c := range []struct{ name, out, why string }{
		{"TestA/b", skipped, "needs a keeper, unpacked"},
		{"TestA", skipped, "needs a keeper, unpacked"},
		{"TestOther", skipped, ""},
		{"TestA", "=== RUN   TestA\n    a.go:1: needs nothing\n--- PASS: TestA (0.00s)\nPASS\n", ""},
	} {
		if why, skipped := reason(c.name, c.out); why != c.why || skipped != (c.why != "") {
			t.Errorf("%s: %q %v", c.name, why, skipped)
		}
	}
}
