//go:build !linux

package kernel

import "sag.software/native/internal/system"

// Open is not to be had on this system yet.
func Open(Config) (*Kernel, error) { return nil, system.ErrNotSupported }
