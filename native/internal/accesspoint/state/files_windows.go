package state

import (
	"errors"
	"os"
)

// The access point is not supported on Windows yet, so these functions do not protect the directory.

func checkPrivate(string) error {
	return errors.New("the access point is not supported on Windows yet")
}

func lockExclusively(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func syncDirectory(string) error { return nil }
