// Package attachment keeps one machine in one intranet: it makes the link, makes the machine as planned, and makes it so
// again whenever somebody else has changed what matters, until it is told to leave.
package attachment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/dns/forward"
	"sag.software/native/internal/system/guard"
	"sag.software/native/internal/system/plan"
	"sag.software/native/internal/system/reconcile"
)

const (
	linkPrefix = "sag"
	// patience: as many repairs within this time are a fight, not an accident.
	patience = 30 * time.Second
	// lookEvery is how often the machine is looked at even if nothing was told.
	lookEvery = time.Minute
	fightAt   = 8
)

// ErrFight means that another program takes away again and again what the intranet needs.
var ErrFight = errors.New("another program keeps removing the intranet's routes or rules")

// Link is what the machine's packets come from.
type Link interface{ Close() error }

// Config is what an attachment works with.
type Config[L Link] struct {
	Machine    system.Machine
	Reconciler *reconcile.Reconciler
	// OpenLink makes a link of this name. It is the engine's to close.
	OpenLink func(name string, mtu int) (L, error)
	// OpenResolver begins to answer for names; prefer is the address that a predecessor had. nil: nothing is done about names.
	OpenResolver func(link string, prefer netip.Addr, rules forward.Rules) (Resolver, error)
	Logger       *slog.Logger
	// Changed is called after every look at the machine that found something else than before. It must not block.
	Changed func()
}

// Attachment is a machine's being in an intranet.
type Attachment[L Link] struct {
	config Config[L]
	stop   context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	in      plan.Intranet
	numbers plan.Numbers
	now     plan.Plan
	// found is what was ours at the last look.
	found   system.Own
	trouble error
	mended  []time.Time
	names   names
}

// Attach makes a link and puts the intranet onto it. What a predecessor left in force stays so until the new holds. After a
// failure the machine is as it was before.
func Attach[L Link](config Config[L], in plan.Intranet) (*Attachment[L], L, error) {
	var none L
	a := &Attachment[L]{config: config, in: in, done: make(chan struct{})}
	at, err := config.Machine.Snapshot()
	if err != nil {
		return nil, none, err
	}
	if err := plan.Occupied(in, at, ""); err != nil {
		return nil, none, err
	}
	if a.numbers, err = plan.Choose(at, linkPrefix); err != nil {
		return nil, none, fmt.Errorf("%w (%s)", err, plan.Rival(at))
	}
	left, err := config.Reconciler.InForce()
	if err != nil {
		return nil, none, err
	}
	former, found := plan.NumbersOf(left)
	if found {
		a.numbers.Table = former.Table
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	changes, err := config.Machine.Changes(ctx)
	if err != nil {
		stop()
		return nil, none, err
	}
	link, err := config.OpenLink(a.numbers.Link, in.MTU)
	if err != nil {
		stop()
		return nil, none, err
	}
	if err = a.serve(at, former.Resolver); err == nil {
		a.now = plan.Make(in, a.numbers, at)
		err = config.Reconciler.Set(a.now.Changes)
	}
	if errors.Is(err, dns.ErrRefused) {
		// Whoever keeps the name servers takes none from us. There may be another way, which the next look shows.
		if again, failed := config.Machine.Snapshot(); failed == nil && again.Names.Backend != at.Names.Backend {
			config.Logger.Warn("names are done another way", "why", err, "way", again.Names.Why)
			a.now = plan.Make(in, a.numbers, again)
			err = config.Reconciler.Set(a.now.Changes)
		}
	}
	if err != nil {
		stop()
		_, failed := config.Reconciler.Clear()
		a.stopServing()
		return nil, none, errors.Join(err, failed, link.Close())
	}
	a.see()
	go a.watch(ctx, changes)
	return a, link, nil
}

// Numbers are what was chosen for this attachment.
func (a *Attachment[L]) Numbers() plan.Numbers {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.numbers
}

// Overlaps are the machine's own networks that the intranet lies over.
func (a *Attachment[L]) Overlaps() []plan.Overlap {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.now.Overlaps)
}

// Trouble is why the machine is not as planned; nil if it is.
func (a *Attachment[L]) Trouble() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.trouble
}

// Found is what was ours on the machine when it was looked at last.
func (a *Attachment[L]) Found() system.Own {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.found
}

// Guard is what is held back, as it was planned last; nil where there is no guard.
func (a *Attachment[L]) Guard() *guard.Spec {
	a.mu.Lock()
	defer a.mu.Unlock()
	return plan.GuardOf(a.now.Changes)
}

// Update takes a changed intranet: what is new is added before what is old is taken away.
func (a *Attachment[L]) Update(in plan.Intranet) error {
	a.mu.Lock()
	a.in = in
	a.mu.Unlock()
	return a.look()
}

// Detach gives the machine back. The link is still there: it goes with the engine.
func (a *Attachment[L]) Detach() error {
	a.stop()
	<-a.done
	a.dismiss()
	_, err := a.config.Reconciler.Clear()
	a.stopServing()
	return err
}

// Leave stops keeping the machine in order, and leaves everything in force for a successor.
func (a *Attachment[L]) Leave() {
	a.stop()
	<-a.done
	a.stopServing()
}

// Check looks at the machine now, without waiting to be told of a change: after a sleep, for example.
func (a *Attachment[L]) Check() error { return a.look() }

func (a *Attachment[L]) watch(ctx context.Context, changes <-chan struct{}) {
	defer close(a.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-tick.C:
		}
		if wait := a.fought(); wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
		if err := a.look(); err != nil {
			a.config.Logger.Warn("the machine is not as the intranet needs it", "error", err)
		}
	}
}

// fought is how long to leave a rival alone: a fight is not won by fighting faster.
func (a *Attachment[L]) fought() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mended = slices.DeleteFunc(a.mended, func(at time.Time) bool { return time.Since(at) > patience })
	if len(a.mended) < fightAt {
		return 0
	}
	return time.Second
}

// Look compares the machine with what it should be now, whatever was told, and mends it.
func (a *Attachment[L]) Look() error { return a.look() }

// look compares the machine with what it should be, and mends it.
func (a *Attachment[L]) look() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.found
	err := a.mend()
	if (err == nil) != (a.trouble == nil) || err != nil || !a.found.Equal(before) {
		defer a.config.Changed()
	}
	a.trouble = err
	return err
}

// see looks at what is ours after it was changed. A look that fails is made up for by the next one.
func (a *Attachment[L]) see() {
	if at, err := a.config.Machine.Snapshot(); err == nil {
		a.found = at.Own()
	}
}

func (a *Attachment[L]) mend() error {
	at, err := a.config.Machine.Snapshot()
	if err != nil {
		return err
	}
	a.found = at.Own()
	if err := plan.Occupied(a.in, at, a.numbers.Link); err != nil {
		return err
	}
	if at.Abilities.PolicyRouting {
		before, err := plan.Priority(at)
		if err != nil {
			return fmt.Errorf("%w (%s)", err, plan.Rival(at))
		}
		a.numbers.Priority = min(a.numbers.Priority, before)
	}
	if err := a.serve(at, netip.Addr{}); err != nil {
		return err
	}
	next := plan.Make(a.in, a.numbers, at)
	a.yield(&next, at)
	missing := plan.Missing(next.Changes, at)
	if plan.Same(next.Changes, a.now.Changes) && len(missing) == 0 {
		a.now = next
		return nil
	}
	for _, c := range missing {
		a.config.Logger.Info("put back", "change", c.String())
	}
	a.now = next
	if len(missing) > 0 {
		a.mended = append(a.mended, time.Now())
	}
	err = a.config.Reconciler.Set(next.Changes)
	if errors.Is(err, dns.ErrRefused) {
		err = a.withoutNames(next, at, err)
	}
	a.see()
	if err != nil {
		return err
	}
	defer a.config.Changed()
	if len(a.mended) > fightAt {
		return a.fight()
	}
	return nil
}

// fight is ErrFight, with the other's name if it is known.
func (a *Attachment[L]) fight() error {
	if w, ok := a.config.Machine.(system.Witness); ok && w.Culprit() != "" {
		return fmt.Errorf("%w (%s)", ErrFight, w.Culprit())
	}
	return ErrFight
}
