package sleep

import (
	"context"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"sag.software/native/internal/hostnet/sleep/sleeptest"
)

// subscriptions reports each match rule that was added to the bus.
func subscriptions(t *testing.T, address string) <-chan struct{} {
	t.Helper()
	monitor, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = monitor.Close() })
	rules := []string{"type='method_call',member='AddMatch'", "type='method_return',sender='org.freedesktop.DBus'"}
	if err := monitor.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, rules, uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	heard := make(chan *dbus.Message, 64)
	monitor.Eavesdrop(heard)
	taken := make(chan struct{}, 1)
	go func() {
		asked := map[uint32]bool{}
		for m := range heard {
			if m.Type == dbus.TypeMethodCall {
				asked[m.Serial()] = true
			} else if answers, is := m.Headers[dbus.FieldReplySerial].Value().(uint32); is && asked[answers] {
				taken <- struct{}{}
				return
			}
		}
	}()
	return taken
}

func TestLogindSignalsWakeUp(t *testing.T) {
	address, sleep := sleeptest.Bus(t)
	subscribed := subscriptions(t, address)
	ctx, cancel := context.WithCancel(t.Context())
	woke := make(chan struct{}, 16)
	ended := make(chan error, 1)
	go func() { ended <- logind{address}.Wakes(ctx, func() { woke <- struct{}{} }) }()
	select {
	case <-subscribed:
	case err := <-ended:
		t.Fatal(err)
	}
	// A signal of another sender is ignored, and so is the one before sleep.
	other, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = other.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", false)
	sleep(true)
	sleep(false)
	<-woke
	select {
	case <-woke:
		t.Error("signalled by another sender, or before sleep")
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestClocksDetectSleep(t *testing.T) {
	through, awake, signals := time.Duration(0), time.Duration(0), 0
	clocks := Clocks{Through: func() time.Duration { return through }, Awake: func() time.Duration { return awake }}
	before := time.Duration(0)
	for _, c := range []struct {
		through, awake time.Duration
		signals        int
	}{{5 * time.Second, 5 * time.Second, 0}, {time.Hour, 10 * time.Second, 1}, {time.Hour + 5*time.Second, 15 * time.Second, 1}, {2 * time.Hour, 20 * time.Second, 2}} {
		through, awake = c.through, c.awake
		if before = slept(clocks, before, func() { signals++ }); signals != c.signals {
			t.Errorf("at %v: %d signals", c.through, signals)
		}
	}
}
