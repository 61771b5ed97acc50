package sleep

import (
	"context"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"sag.software/native/internal/system/sleep/sleeptest"
)

func TestLogindTellsOfWaking(t *testing.T) {
	address, sleep := sleeptest.Bus(t)
	ctx, cancel := context.WithCancel(t.Context())
	woke := make(chan struct{}, 16)
	ended := make(chan error, 1)
	go func() { ended <- logind{address}.Wakes(ctx, func() { woke <- struct{}{} }) }()
	// Somebody else's signal of the same name counts for nothing; it is sent first, until the right one is heard.
	other, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	for heard := false; !heard; {
		_ = other.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", false)
		sleep(true)
		sleep(false)
		select {
		case <-woke:
			heard = true
		case <-time.After(20 * time.Millisecond):
		case err := <-ended:
			t.Fatal(err)
		}
	}
	for len(woke) > 0 {
		<-woke
	}
	_ = other.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", false)
	sleep(true)
	select {
	case <-woke:
		t.Error("woken by somebody else, or by falling asleep")
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestClocksTellOfSleep(t *testing.T) {
	through, awake, told := time.Duration(0), time.Duration(0), 0
	clocks := Clocks{Through: func() time.Duration { return through }, Awake: func() time.Duration { return awake }}
	before := time.Duration(0)
	for _, c := range []struct {
		through, awake time.Duration
		told           int
	}{{5 * time.Second, 5 * time.Second, 0}, {time.Hour, 10 * time.Second, 1}, {time.Hour + 5*time.Second, 15 * time.Second, 1}, {2 * time.Hour, 20 * time.Second, 2}} {
		through, awake = c.through, c.awake
		if before = slept(clocks, before, func() { told++ }); told != c.told {
			t.Errorf("at %v: told %d times", c.through, told)
		}
	}
}
