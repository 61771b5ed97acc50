//go:build !linux

package forward

import (
	"syscall"

	"sag.software/native/internal/msg"
)

// control refuses all queries, because this operating system has no system mode.
func (f *Forwarder) control(upstream) func(network, address string, conn syscall.RawConn) error {
	return func(string, string, syscall.RawConn) error {
		return &msg.Error{Message: msg.UnsupportedNames()}
	}
}
