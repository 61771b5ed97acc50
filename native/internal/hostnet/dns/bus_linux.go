package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"sag.software/native/internal/msg"
)

const (
	// callLimit is the timeout of a call on the system bus.
	callLimit = 2 * time.Second
	// busRetry is the wait before reconnecting to the system bus.
	busRetry = 2 * time.Second
	// hungRetry is how long no calls are made to a service that did not answer in time.
	hungRetry = 3 * time.Second
	// busSettle is how long after hungAgain the watcher is notified.
	busSettle = 100 * time.Millisecond
	signals   = 64

	daemonName = "org.freedesktop.DBus"
	daemonPath = "/org/freedesktop/DBus"
)

// errHung means that a service is running but does not answer.
var errHung error = &msg.Error{Message: msg.BusSilent()}

// systemBus is a connection to the system bus, opened when it is first needed.
type systemBus struct {
	mu   sync.Mutex
	open *dbus.Conn
	// handle is the link of the NetworkManager connection for the forwarder, while it exists; managed is the configuration that
	// was set.
	handle  *os.File
	managed Names
	// hung are services that did not answer, with the time of the next attempt. Waiting for every call to them would take
	// minutes.
	hung map[string]time.Time
	// notify is called when a service that did not answer may do so again.
	notify func()
}

func newBus() bus { return &systemBus{hung: map[string]time.Time{}, notify: func() {}} }

func (b *systemBus) conn() (*dbus.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isHung(daemonName) {
		return nil, &msg.Error{Message: msg.SystemBus(errHung.Error()), Under: errHung}
	}
	if b.open != nil && b.open.Connected() {
		return b.open, nil
	}
	conn, err := connect()
	if errors.Is(err, errHung) {
		b.markHung(daemonName)
	}
	if err != nil {
		return nil, &msg.Error{Message: msg.SystemBus(err.Error()), Under: err}
	}
	b.open = conn
	return conn, nil
}

// connect opens a connection. It gives up if the bus accepts the connection but does not answer.
func connect() (*dbus.Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		conn *dbus.Conn
		err  error
	}
	made := make(chan result, 1)
	go func() {
		conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
		made <- result{conn, err}
	}()
	late := time.NewTimer(callLimit)
	defer late.Stop()
	select {
	case <-late.C:
		// The context closes a connection that is opened later.
		cancel()
		return nil, errHung
	case r := <-made:
		if r.err != nil {
			cancel()
			return nil, r.err
		}
		context.AfterFunc(r.conn.Context(), cancel)
		return r.conn, nil
	}
}

// isHung requires the lock.
func (b *systemBus) isHung(name string) bool {
	again, is := b.hung[name]
	if is && time.Now().After(again) {
		delete(b.hung, name)
		is = false
	}
	return is
}

// markHung marks a service as not answering. No signal is sent when it recovers, so notify is called by a timer. It requires the lock.
func (b *systemBus) markHung(name string) {
	if b.isHung(name) {
		return
	}
	b.hung[name] = time.Now().Add(hungRetry)
	notify := func() {
		b.mu.Lock()
		notify := b.notify
		b.mu.Unlock()
		notify()
	}
	time.AfterFunc(0, notify)
	time.AfterFunc(hungRetry+busSettle, notify)
}

// call calls a method that returns nothing or one value; out is a pointer, or nil. It does not start the service.
func (b *systemBus) call(name string, path dbus.ObjectPath, method string, out any, args ...any) error {
	called, err := b.called(name, path, method, args...)
	if err != nil || out == nil {
		return err
	}
	return called.Store(out)
}

// called calls a method and returns the reply with all its values, or errHung.
func (b *systemBus) called(name string, path dbus.ObjectPath, method string, args ...any) (*dbus.Call, error) {
	conn, err := b.conn()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	hung := b.isHung(name)
	b.mu.Unlock()
	if hung {
		return nil, fmt.Errorf("%s: %w", name, errHung)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	called := conn.Object(name, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
	if errors.Is(called.Err, context.DeadlineExceeded) {
		b.mu.Lock()
		b.markHung(name)
		b.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", name, errHung)
	}
	return called, called.Err
}

// property reads a property; out is a pointer.
func (b *systemBus) property(name string, path dbus.ObjectPath, of, property string, out any) error {
	var value dbus.Variant
	if err := b.call(name, path, "org.freedesktop.DBus.Properties.Get", &value, of, property); err != nil {
		return err
	}
	return value.Store(out)
}

func (b *systemBus) owners() map[string]string {
	owned := map[string]string{}
	for _, name := range []string{resolvedName, managerName} {
		b.mu.Lock()
		hung := b.isHung(name)
		b.mu.Unlock()
		var owner string
		if !hung && b.call(daemonName, daemonPath, "org.freedesktop.DBus.GetNameOwner", &owner, name) == nil {
			owned[name] = owner
		}
	}
	return owned
}

func (b *systemBus) found(backend Backend, link string, first netip.Addr) (*Names, error) {
	switch backend {
	case Resolved:
		return b.foundResolved(link)
	case NetworkManager:
		return b.foundManager(first)
	default:
		return nil, errUnknownBackend(backend)
	}
}

func (b *systemBus) set(n Names) error {
	var err error
	switch n.Backend {
	case Resolved:
		err = b.setResolved(n)
	case NetworkManager:
		err = b.setManager(n)
	default:
		return errUnknownBackend(n.Backend)
	}
	if _, runs := b.owners()[busNames[n.Backend]]; err != nil && !runs {
		// The service is being restarted or does not answer. Its return triggers another attempt.
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRefused, n.Backend, err)
	}
	return nil
}

func (b *systemBus) unset(n Names) (bool, error) {
	switch n.Backend {
	case Resolved:
		return b.unsetResolved(n)
	case NetworkManager:
		return b.unsetManager(n)
	default:
		return false, errUnknownBackend(n.Backend)
	}
}

// leftovers returns nothing, because the settings of a link disappear with the link, and the link with the process.
func (b *systemBus) leftovers() []Names { return nil }

// watch notifies when one of the services starts or ends, and when name servers change. The bus may start later than this
// process, and restart.
func (b *systemBus) watch(ctx context.Context, notify func()) {
	b.mu.Lock()
	b.notify = notify
	b.mu.Unlock()
	go func() {
		for ctx.Err() == nil {
			if b.listen(ctx, notify) {
				notify()
			}
			select {
			case <-ctx.Done():
			case <-time.After(busRetry):
			}
		}
	}()
}

// listen returns when the connection is lost or the context ends. It returns true if there was a connection.
func (b *systemBus) listen(ctx context.Context, notify func()) bool {
	conn, err := connect()
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	received := make(chan *dbus.Signal, signals)
	conn.Signal(received)
	// Only the object with the name servers is watched, because NetworkManager sends many other signals.
	for name, path := range map[string]dbus.ObjectPath{resolvedName: resolvedPath, managerName: dnsPath} {
		starts := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name))
		changes := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchSender(name), dbus.WithMatchObjectPath(path))
		if starts != nil || changes != nil {
			return true
		}
	}
	for {
		select {
		case <-ctx.Done():
			return true
		case _, open := <-received:
			if !open {
				return true
			}
			notify()
		}
	}
}
