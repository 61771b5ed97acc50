package hostnet

// Open is not implemented on this system.
func Open() (Host, error) { return nil, ErrNotSupported }
