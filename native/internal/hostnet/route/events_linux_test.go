package route

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/nettest"
)

// After more messages than the kernel queues for a listener, it misses some but still receives later ones.
func TestSubscriptionSurvivesAnOverrun(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var rules, routes atomic.Int64
	see := func(m syscall.NetlinkMessage) {
		switch m.Header.Type {
		case unix.RTM_NEWRULE:
			rules.Add(1)
		case unix.RTM_NEWROUTE:
			routes.Add(1)
		}
	}
	if err := (&linux{}).watch(ctx, func() {}, see); err != nil {
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
	for end := time.Now().Add(10 * time.Second); rules.Load() == 0; time.Sleep(10 * time.Millisecond) {
		// Repeated, because a message is lost if it arrives while the queue is full.
		nettest.Run(t, "ip", "rule", "add", "pref", "77", "lookup", "77")
		nettest.Run(t, "ip", "rule", "del", "pref", "77")
		if time.Now().After(end) {
			t.Fatal("no events for rules any more")
		}
	}
	before := routes.Load()
	nettest.Run(t, "ip", "route", "add", "10.0.0.1/32", "dev", "lo")
	for end := time.Now().Add(10 * time.Second); routes.Load() == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no events for routes any more")
		}
	}
}
