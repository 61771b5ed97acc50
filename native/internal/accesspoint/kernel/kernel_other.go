//go:build !linux

package kernel

import "errors"

// Open is not implemented on this system.
func Open(Config) (*Kernel, error) { return nil, errors.ErrUnsupported }
