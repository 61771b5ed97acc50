package sleep

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/msg"
)

// ErrGone means that the system bus went away.
var ErrGone error = &msg.Error{Message: msg.BusGone()}

// logind tells by its signal PrepareForSleep: true before, false after.
type logind struct{ address string }

// System is this host's service.
func System() Source { return logind{} }

// Wakes implements Source.
func (l logind) Wakes(ctx context.Context, woke func()) error {
	bus, err := l.connect()
	if err != nil {
		return err
	}
	defer bus.Close()
	// Before it is asked for: what comes between the two would be lost.
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	if err := bus.AddMatchSignalContext(ctx,
		dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep"),
		dbus.WithMatchObjectPath("/org/freedesktop/login1"), dbus.WithMatchSender("org.freedesktop.login1"),
	); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case s, open := <-signals:
			if !open {
				return ErrGone
			}
			if before, is := first(s.Body).(bool); is && !before && s.Name == "org.freedesktop.login1.Manager.PrepareForSleep" {
				woke()
			}
		}
	}
}

func (l logind) connect() (*dbus.Conn, error) {
	if l.address == "" {
		return dbus.ConnectSystemBus()
	}
	return dbus.Connect(l.address)
}

func first(body []any) any {
	if len(body) == 0 {
		return nil
	}
	return body[0]
}

// SystemClocks are this host's.
func SystemClocks() Clocks {
	read := func(id int32) func() time.Duration {
		return func() time.Duration {
			var at unix.Timespec
			_ = unix.ClockGettime(id, &at) // both have been there for long
			return time.Duration(at.Nano())
		}
	}
	return Clocks{Through: read(unix.CLOCK_BOOTTIME), Awake: read(unix.CLOCK_MONOTONIC)}
}
