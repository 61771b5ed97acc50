package hostnet

// Open is not written for this operating system yet.
func Open() (Host, error) { return nil, ErrNotSupported }
