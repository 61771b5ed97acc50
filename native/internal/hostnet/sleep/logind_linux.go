package sleep

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/msg"
)

// ErrGone means that the connection to the system bus was lost.
var ErrGone error = &msg.Error{Message: msg.BusGone()}

// logind receives systemd-logind's signal PrepareForSleep: true before sleep, false after.
type logind struct{ address string }

// System returns this host's source.
func System() Source { return logind{} }

// Wakes implements Source.
func (l logind) Wakes(ctx context.Context, woke func()) error {
	bus, err := l.connect()
	if err != nil {
		return err
	}
	defer bus.Close()
	// Registered before the match is added, so that no signal in between is lost.
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

// SystemClocks returns this host's clocks.
func SystemClocks() Clocks {
	read := func(id int32) func() time.Duration {
		return func() time.Duration {
			var at unix.Timespec
			_ = unix.ClockGettime(id, &at) // both clocks exist on all supported kernels
			return time.Duration(at.Nano())
		}
	}
	return Clocks{Through: read(unix.CLOCK_BOOTTIME), Awake: read(unix.CLOCK_MONOTONIC)}
}
