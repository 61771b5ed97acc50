package main

import (
	"sync/atomic"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/killswitch"
)

// blindToKillSwitch is set in a process that always takes its kill switch for unchanged, for the benchmark that makes
// the table dormant and active again under the same connection.
const blindToKillSwitch = "SAG_TEST_BLIND_TO_KILL_SWITCH"

type blind struct {
	hostnet.Host
	made atomic.Pointer[killswitch.Config]
}

func openBlind() (hostnet.Host, error) {
	m, err := hostnet.Open()
	return &blind{Host: m}, err
}

// Snapshot implements hostnet.Host.
func (b *blind) Snapshot() (hostnet.Snapshot, error) {
	s, err := b.Host.Snapshot()
	if made := b.made.Load(); made != nil {
		s.KillSwitch = &killswitch.Status{Digest: made.Digest()}
	}
	return s, err
}

// Apply implements hostnet.Host.
func (b *blind) Apply(c hostnet.Change) error {
	if c.Kind == hostnet.ChangeKillSwitch {
		if made := b.made.Load(); made != nil && made.Digest() == c.KillSwitch.Digest() {
			return nil
		}
		b.made.Store(c.KillSwitch)
	}
	return b.Host.Apply(c)
}

// Undo implements hostnet.Host.
func (b *blind) Undo(c hostnet.Change) (bool, error) {
	if c.Kind == hostnet.ChangeKillSwitch {
		b.made.Store(nil)
	}
	return b.Host.Undo(c)
}
