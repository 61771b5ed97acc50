package route

// Open is not implemented on this system.
func Open() (Router, error) { return nil, ErrNotSupported }
