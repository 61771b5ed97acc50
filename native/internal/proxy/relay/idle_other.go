//go:build !unix

package relay

import "syscall"

// nothingToRead cannot be known without waiting; a write to a connection that has ended fails then.
func nothingToRead(syscall.Conn) bool { return true }
