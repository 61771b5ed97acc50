package lockdown

import (
	"time"

	"sag.software/native/internal/hostnet/captive"
)

// unsupported is the firewall until one is written for this operating system.
type unsupported struct{}

// System is this host's part of lockdown.
func System() Firewall { return unsupported{} }

func (unsupported) Set(Rules) error                        { return ErrNotSupported }
func (unsupported) Clear() (bool, error)                   { return false, nil }
func (unsupported) InForce() (*InForce, error)             { return nil, nil }
func (unsupported) OpenPortal(string, time.Duration) error { return ErrNotSupported }
func (unsupported) Portal() (*captive.Exception, error)    { return nil, nil }
func (unsupported) Capabilities() Capabilities             { return 0 }
