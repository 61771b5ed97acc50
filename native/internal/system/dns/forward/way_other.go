//go:build !linux

package forward

import (
	"errors"
	"syscall"
)

// control lets nothing out on systems that system mode was not written for yet.
func (f *Forwarder) control(way) func(network, address string, conn syscall.RawConn) error {
	return func(string, string, syscall.RawConn) error {
		return errors.New("names in system mode are not supported yet on this operating system")
	}
}
