package dns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	// callLimit is how long one answer on the system bus may take.
	callLimit = 2 * time.Second
	// busAgain is how long to wait before the bus is tried again, after it went away.
	busAgain = 2 * time.Second
	signals  = 64
)

// systemBus is a connection to the system bus, made when it is needed.
type systemBus struct {
	mu   sync.Mutex
	open *dbus.Conn
	// handle is the link that NetworkManager has our name server on, as long as it does; managed is what it was told.
	handle  *os.File
	managed Names
}

func newBus() bus { return &systemBus{} }

func (b *systemBus) conn() (*dbus.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil && b.open.Connected() {
		return b.open, nil
	}
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, fmt.Errorf("the system bus: %w", err)
	}
	b.open = conn
	return conn, nil
}

// call calls a method that answers with nothing or one value; out is a pointer, or nil. Nobody is started for it.
func (b *systemBus) call(name string, path dbus.ObjectPath, method string, out any, args ...any) error {
	conn, err := b.conn()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	called := conn.Object(name, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
	if called.Err != nil || out == nil {
		return called.Err
	}
	return called.Store(out)
}

// property reads one; out is a pointer.
func (b *systemBus) property(name string, path dbus.ObjectPath, of, property string, out any) error {
	var value dbus.Variant
	if err := b.call(name, path, "org.freedesktop.DBus.Properties.Get", &value, of, property); err != nil {
		return err
	}
	return value.Store(out)
}

func (b *systemBus) names() []string {
	var owned []string
	for _, name := range []string{resolvedName, managerName} {
		var has bool
		if b.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", &has, name) == nil && has {
			owned = append(owned, name)
		}
	}
	return owned
}

func (b *systemBus) found(backend Backend, link string, first netip.Addr) *Names {
	switch backend {
	case Resolved:
		return b.foundResolved(link)
	case NetworkManager:
		return b.foundManager(first)
	default:
		return nil
	}
}

func (b *systemBus) set(n Names) error {
	var err error
	name := resolvedName
	switch n.Backend {
	case Resolved:
		err = b.setResolved(n)
	case NetworkManager:
		name, err = managerName, b.setManager(n)
	default:
		err = fmt.Errorf("%s is not known", n.Backend)
	}
	if err != nil && !slices.Contains(b.names(), name) {
		// It is being restarted, and will be told when it is back.
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
		return false, nil
	}
}

// leftovers: what is kept for a link goes with the link, and the link goes with the process.
func (b *systemBus) leftovers() []Names { return nil }

// watch tells when one of them starts or ends, and when name servers change. The bus may come later than we, and go.
func (b *systemBus) watch(ctx context.Context, tell func()) {
	go func() {
		for ctx.Err() == nil {
			if b.listen(ctx, tell) {
				tell()
			}
			select {
			case <-ctx.Done():
			case <-time.After(busAgain):
			}
		}
	}()
}

// listen returns when the bus is gone, or at the end of the context; true if it was there at all.
func (b *systemBus) listen(ctx context.Context, tell func()) bool {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	received := make(chan *dbus.Signal, signals)
	conn.Signal(received)
	// NetworkManager has much to say; only its name servers matter here.
	for name, path := range map[string]dbus.ObjectPath{resolvedName: resolvedPath, managerName: dnsPath} {
		starts := conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name))
		changes := conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchSender(name), dbus.WithMatchObjectPath(path))
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
			tell()
		}
	}
}
