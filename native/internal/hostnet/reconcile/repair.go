package reconcile

import (
	"errors"
	"slices"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/journal"
)

// Repair undoes all changes without the service: those in the journal, and everything else that carries the tunnel's mark. It is
// idempotent. journal.ErrLocked means that the service is running, which then has to do it. If the journal cannot be read or
// written, marked changes are undone nevertheless.
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

// UndoMarked undoes everything that carries the tunnel's mark, whether or not it is in a journal.
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
