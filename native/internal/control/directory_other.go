//go:build !linux && !darwin

package control

// Directory is not implemented on this system.
func Directory(string) (release func(), err error) { return nil, ErrNotSupported }

// SharedDirectory is not implemented on this system.
func SharedDirectory(string) (release func(), err error) { return nil, ErrNotSupported }
