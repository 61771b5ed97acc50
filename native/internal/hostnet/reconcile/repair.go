package reconcile

import (
	"errors"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/journal"
)

// Repair gives the host back to itself without any service: what the journal says, and whatever else carries our mark. It
// is safe to run twice. ErrLocked from the journal means that a service is alive, which then has to do it itself.
// A journal that can not be read or written is no reason to leave a host as it is.
func Repair(host hostnet.Host, dir string) ([]hostnet.Change, error) {
	r, err := Open(host, dir)
	if err == nil {
		undone, err := r.Clear()
		return undone, errors.Join(err, r.Close())
	}
	if errors.Is(err, journal.ErrLocked) {
		return nil, err
	}
	undone, failed := UndoMarked(host)
	return undone, errors.Join(err, failed)
}

// UndoMarked undoes what carries our mark, whether or not a journal knows of it.
func UndoMarked(host hostnet.Host) ([]hostnet.Change, error) {
	left, err := host.Leftovers()
	var undone []hostnet.Change
	for _, c := range left {
		there, failed := host.Undo(c)
		err = errors.Join(err, failed)
		if there {
			undone = append(undone, c)
		}
	}
	return slices.Clip(undone), err
}
