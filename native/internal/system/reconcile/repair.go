package reconcile

import (
	"errors"
	"slices"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/journal"
)

// Repair gives the machine back to itself without any service: what the journal says, and whatever else carries our mark. It
// is safe to run twice. ErrLocked from the journal means that a service is alive, which then has to do it itself.
// A journal that can not be read or written is no reason to leave a machine as it is.
func Repair(machine system.Machine, dir string) ([]system.Change, error) {
	r, err := Open(machine, dir)
	if err == nil {
		undone, err := r.Clear()
		return undone, errors.Join(err, r.Close())
	}
	if errors.Is(err, journal.ErrLocked) {
		return nil, err
	}
	undone, failed := UndoMarked(machine)
	return undone, errors.Join(err, failed)
}

// UndoMarked undoes what carries our mark, whether or not a journal knows of it.
func UndoMarked(machine system.Machine) ([]system.Change, error) {
	left, err := machine.Leftovers()
	var undone []system.Change
	for _, c := range left {
		there, failed := machine.Undo(normal(c))
		err = errors.Join(err, failed)
		if there {
			undone = append(undone, normal(c))
		}
	}
	return slices.Clip(undone), err
}
