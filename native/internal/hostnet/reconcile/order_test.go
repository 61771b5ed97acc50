package reconcile

import (
	"path/filepath"
	"testing"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/fake"
	"sag.software/native/internal/hostnet/killswitch"
)

// watched records which changes were in force when each one was undone.
type watched struct {
	*fake.Host
	undone []hostnet.Change
}

func (w *watched) Undo(c hostnet.Change) (bool, error) {
	there, err := w.Host.Undo(c)
	if there {
		w.undone = append(w.undone, c)
	}
	return there, err
}

// A kill switch that has replaced another is the last change in the journal, but is still undone last, because it drops what
// unreachable routes would leak.
func TestKillSwitchIsUndoneLast(t *testing.T) {
	at := machine()
	at.CanDrop = killswitch.Packets
	m := &watched{Host: fake.New(at)}
	dir := filepath.Join(t.TempDir(), "journal")
	for _, routes := range [][]string{{"10.80.0.0/16"}, {"10.80.0.0/16", "10.81.0.0/16"}} {
		if err := connect(m.Host, dir, intranet(routes...)); err != nil {
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
	kinds := map[hostnet.ChangeKind]bool{}
	for _, c := range m.undone {
		kinds[c.Kind] = true
	}
	if !kinds[hostnet.ChangeRoute] || !kinds[hostnet.ChangeKillSwitch] || m.undone[len(m.undone)-1].Kind != hostnet.ChangeKillSwitch {
		t.Errorf("undone in this order: %v", m.undone)
	}
}
