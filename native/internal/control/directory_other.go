//go:build !linux && !darwin

package control

// Directory is not supported yet on this operating system.
func Directory(string) (release func(), err error) { return nil, ErrNotSupported }

// SharedDirectory is not supported yet on this operating system.
func SharedDirectory(string) (release func(), err error) { return nil, ErrNotSupported }
