//go:build !linux && !darwin

package control

import "net"

func callerOf(net.Conn) (uint32, error) { return ^uint32(0), ErrNotSupported }

func listen(string) (net.Listener, error) { return nil, ErrNotSupported }
