//go:build !linux

package guard

// Find says that there is no guard.
func Find() (*Found, error) { return nil, nil }

// Apply is not written for this operating system yet.
func Apply(Spec) error { return ErrNotSupported }

// Undo has nothing to undo.
func Undo(Spec) (bool, error) { return false, nil }
