package main

import (
	"errors"
	"syscall"

	"sag.software/native/internal/failure"
)

// storage maps a write error to its cause.
func storage(err error) error {
	cause := failure.StorageReadonly
	if errors.Is(err, syscall.ENOSPC) {
		cause = failure.StorageFull
	}
	return failure.Explain(err, cause)
}
