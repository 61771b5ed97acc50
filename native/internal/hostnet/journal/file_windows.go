package journal

import "os"

func secureDir(string) error { return ErrNotSupported }

func openFile(string) (*os.File, error) { return nil, ErrNotSupported }

func lock(*os.File) error { return ErrNotSupported }

func syncDir(string) error { return ErrNotSupported }
