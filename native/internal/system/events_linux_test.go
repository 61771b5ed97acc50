package system_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/nettest"
)

// More messages than the kernel keeps for a listener: it misses some, and hears of what follows all the same.
func TestAFloodOfChangesEndsNoListening(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	m, err := system.Open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	changes, err := m.Changes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var flood strings.Builder
	for i := range 8_000 {
		fmt.Fprintf(&flood, "route add 10.%d.%d.%d/32 dev lo\n", i>>16, i>>8&0xff, i&0xff)
	}
	for range 2 {
		batch := exec.Command("ip", "-batch", "-")
		batch.Stdin = strings.NewReader(flood.String())
		if out, err := batch.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		nettest.Run(t, "ip", "route", "flush", "dev", "lo")
	}
	heard := func() bool {
		select {
		case <-changes:
			return true
		case <-time.After(2 * time.Second):
			return false
		}
	}
	for quiet := false; !quiet; {
		select {
		case <-changes:
		case <-time.After(500 * time.Millisecond):
			quiet = true
		}
	}
	nettest.Run(t, "ip", "rule", "add", "pref", "77", "lookup", "77")
	if !heard() {
		t.Fatal("nothing is heard any more")
	}
	nettest.Run(t, "ip", "route", "add", "10.0.0.1/32", "dev", "lo")
	if !heard() {
		t.Fatal("nothing is heard of routes any more")
	}
}
