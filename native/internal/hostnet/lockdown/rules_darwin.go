package lockdown

import (
	"time"

	"sag.software/native/internal/hostnet/captive"
)

// unsupported is the firewall of an operating system without an implementation.
type unsupported struct{}

// System returns this host's firewall.
func System() Firewall { return unsupported{} }

func (unsupported) Set(Rules) error                        { return ErrNotSupported }
func (unsupported) Clear() (bool, error)                   { return false, nil }
func (unsupported) InForce() (*InForce, error)             { return nil, nil }
func (unsupported) OpenPortal(string, time.Duration) error { return ErrNotSupported }
func (unsupported) Portal() (*captive.Exception, error)    { return nil, nil }
func (unsupported) Capabilities() Capabilities             { return 0 }
