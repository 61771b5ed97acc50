package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/guard"
)

// switchable is set in a process whose guard goes off and on again by SIGUSR1: for the bench, which compares the two in one and
// the same connection. There is no such switch in the real one.
const switchable = "SAG_TEST_SWITCHABLE_GUARD"

// switched is a machine whose guard, while it is off, is said to be as wanted all the same, so that nobody puts it back.
type switched struct {
	system.Machine
	mu     sync.Mutex
	off    bool
	wanted *guard.Spec
}

func openSwitchable() (system.Machine, error) {
	m, err := system.Open()
	if err != nil {
		return nil, err
	}
	s := &switched{Machine: m}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			if err := s.flip(); err != nil {
				panic(err)
			}
		}
	}()
	return s, nil
}

func (s *switched) flip() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = !s.off
	if s.wanted == nil {
		return nil
	}
	change := system.Change{Kind: system.ChangeGuard, Guard: s.wanted}
	if s.off {
		_, err = s.Machine.Undo(change)
		return err
	}
	return s.Machine.Apply(change)
}

// Snapshot implements system.Machine.
func (s *switched) Snapshot() (system.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, err := s.Machine.Snapshot()
	if s.off && s.wanted != nil {
		seen.Guard = &guard.Found{Digest: s.wanted.Digest()}
	}
	return seen, err
}

// Apply implements system.Machine.
func (s *switched) Apply(c system.Change) error {
	if c.Kind != system.ChangeGuard {
		return s.Machine.Apply(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted = c.Guard; s.off {
		return nil
	}
	return s.Machine.Apply(c)
}

// Undo implements system.Machine.
func (s *switched) Undo(c system.Change) (bool, error) {
	if c.Kind != system.ChangeGuard {
		return s.Machine.Undo(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted = nil; s.off {
		return true, nil
	}
	return s.Machine.Undo(c)
}
