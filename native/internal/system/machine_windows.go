package system

// Open is not written for this operating system yet.
func Open() (Machine, error) { return nil, ErrNotSupported }
