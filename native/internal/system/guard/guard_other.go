//go:build !linux

package guard

import "time"

// Find says that there is no guard.
func Find() (*Found, error) { return nil, nil }

// Apply is not written for this operating system yet.
func Apply(Spec) error { return ErrNotSupported }

// FindLockdown says that there is none.
func FindLockdown() (*Found, error) { return nil, nil }

// ApplyLockdown is not written for this operating system yet.
func ApplyLockdown(Lockdown) error { return ErrNotSupported }

// RemoveLockdown has nothing to lift.
func RemoveLockdown() (bool, error) { return false, nil }

// OpenPortal is not written for this operating system yet.
func OpenPortal(string, time.Duration) error { return ErrNotSupported }

// FindPortal says that there is none.
func FindPortal() (*Portal, error) { return nil, nil }

// Undo has nothing to undo.
func Undo(Spec) (bool, error) { return false, nil }
