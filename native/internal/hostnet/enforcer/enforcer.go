// Package enforcer keeps a host's network as planned: it creates the link, applies the plan, and applies it again whenever
// another program has changed something relevant.
package enforcer

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/reconcile"
	"sag.software/native/internal/msg"
)

const (
	linkPrefix = "sag"
	// conflictWindow is the time in which conflictAt repairs count as a conflict.
	conflictWindow = 30 * time.Second
	// checkInterval is how often the host is checked without a notification.
	checkInterval = time.Minute
	conflictAt    = 8
)

// ErrConflict means that another program repeatedly removes what the tunnel needs.
var ErrConflict error = &msg.Error{Message: msg.RivalRemovesRoutes()}

// Link is the tunnel's link.
type Link interface{ Close() error }

// Config configures an Enforcer.
type Config[L Link] struct {
	Host       hostnet.Host
	Reconciler *reconcile.Reconciler
	// OpenLink creates a link. The engine closes it.
	OpenLink func(name string, mtu int) (L, error)
	// OpenResolver starts the DNS forwarder; prefer is the address of a former one. nil = DNS settings are not changed.
	OpenResolver func(link string, prefer netip.Addr, rules forward.Rules) (Resolver, error)
	Logger       *slog.Logger
	// Changed is called after every check with another result than the one before. It must not block.
	Changed func()
}

// Enforcer keeps one host as planned for one tunnel.
type Enforcer[L Link] struct {
	config Config[L]
	stop   context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	in     plan.Intranet
	chosen plan.Choice
	now    plan.Plan
	// found is what carried the tunnel's mark at the last check.
	found    hostnet.Owned
	trouble  error
	repaired []time.Time
	names    names
}

// Start creates a link and applies the plan for it. Changes of a former process stay in force until the new ones are. If Start
// fails, it restores the host.
func Start[L Link](config Config[L], in plan.Intranet) (*Enforcer[L], L, error) {
	var none L
	e := &Enforcer[L]{config: config, in: in, done: make(chan struct{})}
	at, err := config.Host.Snapshot()
	if err != nil {
		return nil, none, err
	}
	if err := plan.Occupied(in, at, ""); err != nil {
		return nil, none, err
	}
	if e.chosen, err = plan.Choose(at, linkPrefix); err != nil {
		return nil, none, err
	}
	left, err := config.Reconciler.InForce()
	if err != nil {
		return nil, none, err
	}
	e.names.network = defaultRoutes(at)
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	changes, err := config.Host.Changes(ctx)
	if err != nil {
		stop()
		return nil, none, err
	}
	link, err := config.OpenLink(e.chosen.Link, in.MTU)
	if err != nil {
		stop()
		return nil, none, err
	}
	if err = e.serve(at, plan.FormerResolver(left)); err == nil {
		e.now = plan.Make(in, e.chosen, at)
		err = config.Reconciler.Set(e.now.Changes)
	}
	if errors.Is(err, dns.ErrRefused) {
		// The program that manages the name servers did not accept the forwarder. The next snapshot may show another backend.
		if again, failed := config.Host.Snapshot(); failed == nil && again.Names.Backend != at.Names.Backend {
			config.Logger.Warn("using another DNS backend", "why", err, "way", again.Names.Why)
			e.now = plan.Make(in, e.chosen, again)
			err = config.Reconciler.Set(e.now.Changes)
		}
	}
	if err != nil {
		stop()
		e.drain()
		_, failed := config.Reconciler.Clear()
		e.stopServing()
		return nil, none, errors.Join(err, failed, link.Close())
	}
	e.recordOwned()
	go e.watch(ctx, changes)
	return e, link, nil
}

// Overlaps returns the host's own networks that the intranet's prefixes overlap with.
func (e *Enforcer[L]) Overlaps() []plan.Overlap {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.now.Overlaps)
}

// Trouble returns why the host is not as planned, nil if it is.
func (e *Enforcer[L]) Trouble() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.trouble
}

// Found returns what carried the tunnel's mark at the last check.
func (e *Enforcer[L]) Found() hostnet.Owned {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.found
}

// KillSwitch returns the kill switch as planned last, nil if there is none.
func (e *Enforcer[L]) KillSwitch() *killswitch.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	return plan.KillSwitchOf(e.now.Changes)
}

// Update applies a changed intranet. New settings are added before old ones are removed.
func (e *Enforcer[L]) Update(in plan.Intranet) error {
	e.mu.Lock()
	e.in = in
	e.mu.Unlock()
	return e.check()
}

// SetMTU changes the MTU of the link, bytes. It applies this change alone: the tunnel's event loop waits for it, and applying a plan
// with hundreds of routes takes seconds.
func (e *Enforcer[L]) SetMTU(size int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.in.MTU = size
	changes := slices.Clone(e.now.Changes)
	for i, c := range changes {
		if c.Kind != hostnet.ChangeLink {
			continue
		}
		link := *c.Link
		link.MTU = size
		changes[i].Link = &link
		if err := e.config.Host.Apply(changes[i]); err != nil {
			return err
		}
	}
	e.now.Changes = changes
	return nil
}

// Detach restores the host, except the link, which the engine closes.
func (e *Enforcer[L]) Detach() error {
	e.stop()
	<-e.done
	e.drain()
	_, err := e.config.Reconciler.Clear()
	e.stopServing()
	return err
}

// Leave stops the enforcer and leaves all changes in force for the next process.
func (e *Enforcer[L]) Leave() {
	e.stop()
	<-e.done
	e.stopServing()
}

func (e *Enforcer[L]) watch(ctx context.Context, changes <-chan struct{}) {
	defer close(e.done)
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-tick.C:
		case <-e.unsettled():
		}
		if wait := e.backOff(); wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
		if err := e.check(); err != nil {
			e.config.Logger.Warn("could not configure the host for the intranet", "error", err)
		}
	}
}

// backOff returns how long to wait before the next repair in a conflict, where faster repairs would not help.
func (e *Enforcer[L]) backOff() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.repaired = slices.DeleteFunc(e.repaired, func(at time.Time) bool { return time.Since(at) > conflictWindow })
	if len(e.repaired) < conflictAt {
		return 0
	}
	return time.Second
}

// Look checks and repairs the host now, without waiting for a notification.
func (e *Enforcer[L]) Look() error { return e.check() }

// check checks and repairs the host.
func (e *Enforcer[L]) check() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.found
	err := e.enforce()
	if (err == nil) != (e.trouble == nil) || err != nil || !e.found.Equal(before) {
		defer e.config.Changed()
	}
	e.trouble = err
	return err
}

// recordOwned records what carries the tunnel's mark after a change. If it fails, the next check records it.
func (e *Enforcer[L]) recordOwned() {
	if at, err := e.config.Host.Snapshot(); err == nil {
		e.found = at.Owned()
		e.names.settle(e.now, at)
	}
}

func (e *Enforcer[L]) enforce() error {
	at, err := e.config.Host.Snapshot()
	if err != nil {
		return err
	}
	e.found = at.Owned()
	if err := plan.Occupied(e.in, at, e.chosen.Link); err != nil {
		return err
	}
	if err := plan.Room(at); err != nil {
		return err
	}
	if err := e.serve(at, netip.Addr{}); err != nil {
		return err
	}
	next := plan.Make(e.in, e.chosen, at)
	slow := e.cede(&next, at)
	missing := plan.Missing(next.Changes, at)
	if plan.Same(next.Changes, e.now.Changes) && len(missing) == 0 {
		e.now = next
		return nil
	}
	// A missing change that was not planned before was not removed by another program: it is new, or possible again, for example
	// after IPv6 was off.
	had := map[string]bool{}
	for _, c := range e.now.Changes {
		had[c.Key()] = true
	}
	removed := slices.DeleteFunc(missing, func(c hostnet.Change) bool {
		return plan.Overtaken(c, at) || slow && isNames(c) || !had[c.Key()]
	})
	for _, c := range removed {
		e.config.Logger.Info("restored", "change", c.String())
	}
	e.now = next
	if len(removed) > 0 {
		e.repaired = append(e.repaired, time.Now())
	}
	err = e.config.Reconciler.Set(next.Changes)
	if errors.Is(err, dns.ErrRefused) {
		err = e.withoutNames(next, at, err)
	}
	e.recordOwned()
	if err != nil {
		return err
	}
	defer e.config.Changed()
	if len(e.repaired) > conflictAt {
		return e.conflict()
	}
	return nil
}

// conflict returns ErrConflict, with the other program's name if it is known.
func (e *Enforcer[L]) conflict() error {
	if r, ok := e.config.Host.(hostnet.Remover); ok && r.LastRemover() != "" {
		return &msg.Error{Message: msg.RivalRemovesRoutesBy(r.LastRemover()), Under: ErrConflict}
	}
	return ErrConflict
}
