//go:build !linux

package cloudapi

import "syscall"

// marker does nothing on this operating system, where system mode is not supported.
func marker(uint32) func(network, address string, raw syscall.RawConn) error { return nil }
