//go:build !linux

package kernel

import "errors"

// Open is not to be had on this system yet.
func Open(Config) (*Kernel, error) { return nil, errors.ErrUnsupported }
