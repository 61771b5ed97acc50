package reconcile

import (
	"path/filepath"
	"testing"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/fake"
)

// watched notes what was there when each thing was taken away.
type watched struct {
	*fake.Machine
	undone []system.Change
}

func (w *watched) Undo(c system.Change) (bool, error) {
	there, err := w.Machine.Undo(c)
	if there {
		w.undone = append(w.undone, c)
	}
	return there, err
}

// A guard that took the place of another is the youngest thing of all, and still goes last: it holds what the routes refuse.
func TestTheGuardGoesLast(t *testing.T) {
	at := machine()
	at.Abilities.Guard = true
	m := &watched{Machine: fake.New(at)}
	dir := filepath.Join(t.TempDir(), "journal")
	for _, routes := range [][]string{{"10.80.0.0/16"}, {"10.80.0.0/16", "10.81.0.0/16"}} {
		if err := connect(m.Machine, dir, intranet(routes...)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Open(m, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Clear(); err != nil {
		t.Fatal(err)
	}
	kinds := map[system.ChangeKind]bool{}
	for _, c := range m.undone {
		kinds[c.Kind] = true
	}
	if !kinds[system.ChangeRoute] || !kinds[system.ChangeGuard] || m.undone[len(m.undone)-1].Kind != system.ChangeGuard {
		t.Errorf("undone in this order: %v", m.undone)
	}
}
