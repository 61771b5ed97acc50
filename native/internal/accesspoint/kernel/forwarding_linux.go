package kernel

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// forwarding is what had to be switched on, by path.
type forwarding []string

const (
	forward4 = "/proc/sys/net/ipv4/ip_forward"
	forward6 = "/proc/sys/net/ipv6/conf/all/forwarding"
)

// switchOn has the machine forward packets, and notes what was off. A machine without IPv6 is none the worse for it.
func switchOn() (forwarding, error) {
	var switched forwarding
	for _, path := range []string{forward4, forward6} {
		value, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return switched, err
		}
		if string(bytes.TrimSpace(value)) != "0" {
			continue
		}
		if err := os.WriteFile(path, []byte("1"), 0); err != nil {
			return switched, err
		}
		switched = append(switched, path)
	}
	return switched, nil
}

func (f forwarding) restore() error {
	var all error
	for _, path := range f {
		all = errors.Join(all, os.WriteFile(path, []byte("0"), 0))
	}
	return all
}
