package route

// Open is not written for this operating system yet.
func Open() (Router, error) { return nil, ErrNotSupported }
