// Package reconcile makes a machine as a plan wants it and takes everything back again, with a journal written before each
// change. What it is asked twice it does once; where it was killed, its successor goes on.
package reconcile

import (
	"errors"
	"fmt"
	"slices"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/journal"
	"sag.software/native/internal/system/plan"
)

// Reconciler holds the journal's lock: there is one on a machine.
type Reconciler struct {
	machine system.Machine
	journal *journal.Journal
	boot    string
}

// Open takes up what a predecessor left: changes of this boot stay in force until Set or Clear, those of an earlier boot
// are undone as far as they survived it.
func Open(machine system.Machine, dir string) (*Reconciler, error) {
	boot, err := machine.BootID()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(dir)
	if err != nil {
		return nil, err
	}
	r := &Reconciler{machine: machine, journal: j, boot: boot}
	if err := r.dropEarlierBoots(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return r, nil
}

func (r *Reconciler) dropEarlierBoots() error {
	var failed error
	var done []system.Change
	for _, e := range slices.Backward(r.journal.Entries()) {
		if e.Boot == r.boot {
			continue
		}
		if e.Change.SurvivesBoot() {
			if _, err := r.machine.Undo(e.Change); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
		}
		done = append(done, e.Change)
	}
	if len(done) == 0 {
		return failed
	}
	return errors.Join(failed, r.journal.Forget(done))
}

// InForce are the changes that are made, by the journal and by the marks on the machine.
func (r *Reconciler) InForce() ([]system.Change, error) {
	var all []system.Change
	known := map[string]bool{}
	for _, e := range r.journal.Entries() {
		all = append(all, e.Change)
		known[e.Change.Key()] = true
	}
	left, err := r.machine.Leftovers()
	for _, c := range slices.Backward(left) {
		if c = normal(c); !known[c.Key()] {
			all = append(all, c)
		}
	}
	return all, err
}

// normal is a found change as it is when it is planned.
func normal(c system.Change) system.Change {
	if c.Route != nil {
		route := *c.Route
		route.Ours = false
		c.Route = &route
	}
	if c.Rule != nil {
		rule := *c.Rule
		rule.Ours, rule.Other = false, false
		c.Rule = &rule
	}
	return c
}

// Set makes the machine as wanted: what is missing is added in order, then what is not wanted any more is undone in reverse.
// So there is no moment at which neither the old nor the new holds. After an error what was done stays in the journal;
// the caller decides between trying again and Clear.
func (r *Reconciler) Set(want []system.Change) error {
	before, err := r.InForce()
	if err != nil {
		return err
	}
	known, wanted, places := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range r.journal.Entries() {
		known[e.Change.Key()] = true
	}
	var fresh []journal.Entry
	for _, c := range want {
		wanted[c.Key()], places[c.Place()] = true, true
		if !known[c.Key()] {
			fresh = append(fresh, journal.Entry{Boot: r.boot, Change: c})
		}
	}
	if err := r.journal.Append(fresh); err != nil {
		return err
	}
	at, err := r.machine.Snapshot()
	if err != nil {
		return err
	}
	for _, c := range want {
		// An intranet may have a thousand routes: which are there already is known from one look.
		routing := c.Kind == system.ChangeRoute || c.Kind == system.ChangeRule
		if routing && len(plan.Missing([]system.Change{c}, at)) == 0 {
			continue
		}
		if err := r.machine.Apply(c); err != nil {
			return err
		}
	}
	var surplus, replaced []system.Change
	for _, c := range before {
		switch {
		case wanted[c.Key()]:
		case places[c.Place()]:
			replaced = append(replaced, c)
		default:
			surplus = append(surplus, c)
		}
	}
	_, err = r.undo(surplus)
	return errors.Join(err, r.journal.Forget(replaced))
}

// Clear undoes everything, by the journal and by the marks, and says what there was. It goes on after a failure.
func (r *Reconciler) Clear() ([]system.Change, error) {
	all, err := r.InForce()
	undone, failed := r.undo(all)
	return undone, errors.Join(err, failed)
}

// undo takes changes back in reverse order, the guard last whenever it was made, and forgets those of which that was certain.
// Without the guard, routes that refuse are worse than none: to who is bound to a link, as ping -I is, the kernel takes what they
// refuse for a neighbour on that link, and asks the LAN for the intranet's addresses (ip_route_output_key_hash_rcu).
func (r *Reconciler) undo(changes []system.Change) (undone []system.Change, failed error) {
	var done []system.Change
	for _, c := range slices.Backward(guardFirst(changes)) {
		there, err := r.machine.Undo(c)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		done = append(done, c)
		if there {
			undone = append(undone, c)
		}
	}
	if err := r.journal.Forget(done); err != nil {
		failed = errors.Join(failed, fmt.Errorf("everything named was undone, but not written down: %w", err))
	}
	return undone, failed
}

func guardFirst(changes []system.Change) []system.Change {
	rank := func(c system.Change) int {
		if c.Kind == system.ChangeGuard {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(changes), func(a, b system.Change) int { return rank(a) - rank(b) })
}

// JournalSize is the size of the journal, bytes.
func (r *Reconciler) JournalSize() int64 { return r.journal.Size() }

// Close leaves everything in force and gives the lock back.
func (r *Reconciler) Close() error { return r.journal.Close() }
