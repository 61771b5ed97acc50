package killswitch

// unsupported is the kill switch of an operating system without an implementation.
type unsupported struct{}

// System returns this host's kill switch.
func System() KillSwitch { return unsupported{} }

func (unsupported) Set(Config) error           { return ErrNotSupported }
func (unsupported) Clear(Config) (bool, error) { return false, nil }
func (unsupported) Status() (*Status, error)   { return nil, nil }
func (unsupported) Capabilities() Capabilities { return 0 }
