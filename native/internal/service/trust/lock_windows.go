package trust

// lock is for system mode, which is not there yet on this operating system.
func lock(string) (unlock func(), err error) { return func() {}, nil }
