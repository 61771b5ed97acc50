package main

import (
	"sync/atomic"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/guard"
)

// blindToGuard is set in a process that takes its guard to be as it made it, whatever becomes of it: for the bench, which sends
// it to sleep and wakes it up under one and the same connection.
const blindToGuard = "SAG_TEST_BLIND_TO_GUARD"

type blind struct {
	system.Machine
	made atomic.Pointer[guard.Spec]
}

func openBlind() (system.Machine, error) {
	m, err := system.Open()
	return &blind{Machine: m}, err
}

// Snapshot implements system.Machine.
func (b *blind) Snapshot() (system.Snapshot, error) {
	s, err := b.Machine.Snapshot()
	if made := b.made.Load(); made != nil {
		s.Guard = &guard.Found{Digest: made.Digest()}
	}
	return s, err
}

// Apply implements system.Machine.
func (b *blind) Apply(c system.Change) error {
	if c.Kind == system.ChangeGuard {
		if made := b.made.Load(); made != nil && made.Digest() == c.Guard.Digest() {
			return nil
		}
		b.made.Store(c.Guard)
	}
	return b.Machine.Apply(c)
}

// Undo implements system.Machine.
func (b *blind) Undo(c system.Change) (bool, error) {
	if c.Kind == system.ChangeGuard {
		b.made.Store(nil)
	}
	return b.Machine.Undo(c)
}
