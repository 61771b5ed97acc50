package journal

import (
	"os"

	"sag.software/native/internal/system"
)

func secureDir(string) error { return system.ErrNotSupported }

func openFile(string) (*os.File, error) { return nil, system.ErrNotSupported }

func lock(*os.File) error { return system.ErrNotSupported }

func syncDir(string) error { return system.ErrNotSupported }
