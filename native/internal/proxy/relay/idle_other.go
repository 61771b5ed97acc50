//go:build !unix

package relay

import "syscall"

// nothingToRead is not implemented here: a write to a connection that has been closed fails later.
func nothingToRead(syscall.Conn) bool { return true }
