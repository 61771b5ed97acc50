// Package reconcile makes a host's configuration match a plan, and undoes all changes, with a journal that is written before each
// change. Its operations are idempotent, and a new process continues after a killed one.
package reconcile

import (
	"errors"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/journal"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/msg"
)

// Reconciler holds the journal's lock, so there is only one per host.
type Reconciler struct {
	host    hostnet.Host
	journal *journal.Journal[hostnet.Change]
	boot    string
}

// Open opens the journal of a former process. Changes of this boot stay in force until Set or Clear; those of an earlier boot are
// undone if they survived the restart.
func Open(host hostnet.Host, dir string) (*Reconciler, error) {
	boot, err := host.BootID()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open[hostnet.Change](dir)
	if err != nil {
		return nil, err
	}
	r := &Reconciler{host: host, journal: j, boot: boot}
	if err := r.dropEarlierBoots(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return r, nil
}

func (r *Reconciler) dropEarlierBoots() error {
	var failed error
	var done []hostnet.Change
	for _, e := range slices.Backward(r.journal.Entries()) {
		if e.Boot == r.boot {
			continue
		}
		if e.Change.SurvivesBoot() {
			if _, err := r.host.Undo(e.Change); err != nil {
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

// InForce returns the changes in force, according to the journal and to the marks on the host.
func (r *Reconciler) InForce() ([]hostnet.Change, error) {
	var all []hostnet.Change
	known := map[string]int{}
	for i, e := range r.journal.Entries() {
		all = append(all, e.Change)
		known[e.Change.Key()] = i
	}
	left, err := r.host.Leftovers()
	for _, c := range slices.Backward(left) {
		if i, is := known[c.Key()]; is {
			// The change found on the host is more precise, for example about its routing table. There may be another one
			// elsewhere.
			all[i] = c
			delete(known, c.Key())
			continue
		}
		all = append(all, c)
	}
	return all, err
}

// Set makes the host match the plan: missing changes are made in order, then those no longer wanted are undone in reverse order,
// so that the old or the new configuration is in force at all times. After an error the journal contains what was done, and the
// caller can try again or call Clear.
func (r *Reconciler) Set(want []hostnet.Change) error {
	before, err := r.InForce()
	if err != nil {
		return err
	}
	known, wanted, places := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range r.journal.Entries() {
		known[e.Change.Key()] = true
	}
	var fresh []journal.Entry[hostnet.Change]
	for _, c := range want {
		wanted[c.Key()], places[c.Place()] = true, true
		if !known[c.Key()] {
			fresh = append(fresh, journal.Entry[hostnet.Change]{Boot: r.boot, Change: c})
		}
	}
	if err := r.journal.Append(fresh); err != nil {
		return err
	}
	at, err := r.host.Snapshot()
	if err != nil {
		return err
	}
	for _, c := range want {
		// One snapshot shows which of the routes, possibly thousands, exist already.
		routing := c.Kind == hostnet.ChangeRoute || c.Kind == hostnet.ChangeSteering
		if routing && len(plan.Missing([]hostnet.Change{c}, at)) == 0 {
			continue
		}
		if err := r.host.Apply(c); err != nil {
			return err
		}
	}
	var surplus, replaced []hostnet.Change
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

// Clear undoes all changes, according to the journal and to the marks, and returns what was there. It continues after a failure.
func (r *Reconciler) Clear() ([]hostnet.Change, error) {
	all, err := r.InForce()
	undone, failed := r.undo(all)
	return undone, errors.Join(err, failed)
}

// undo undoes changes in reverse order, the kill switch always last, and removes successful ones from the journal. Without the
// kill switch, unreachable routes would leak: for a socket bound to a link, as with ping -I, the kernel treats unreachable
// destinations as neighbours on that link, and sends ARP requests for the intranet's addresses to the LAN
// (ip_route_output_key_hash_rcu).
func (r *Reconciler) undo(changes []hostnet.Change) (undone []hostnet.Change, failed error) {
	var done []hostnet.Change
	for _, c := range slices.Backward(killSwitchFirst(changes)) {
		there, err := r.host.Undo(c)
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
		failed = errors.Join(failed, &msg.Error{Message: msg.UndoneNotNoted(err.Error()), Under: err})
	}
	return undone, failed
}

func killSwitchFirst(changes []hostnet.Change) []hostnet.Change {
	rank := func(c hostnet.Change) int {
		if c.Kind == hostnet.ChangeKillSwitch {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(changes), func(a, b hostnet.Change) int { return rank(a) - rank(b) })
}

// JournalSize returns the size of the journal, bytes.
func (r *Reconciler) JournalSize() int64 { return r.journal.Size() }

// Close leaves all changes in force and releases the lock.
func (r *Reconciler) Close() error { return r.journal.Close() }
