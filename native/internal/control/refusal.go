package control

import (
	"errors"
	"os"
	"syscall"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// refusal adds a cause to a file system error.
func refusal(path string, err error) error {
	cause := failure.Unknown
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		cause = failure.StorageFull
	case errors.Is(err, syscall.EROFS):
		cause = failure.StorageReadonly
	case errors.Is(err, os.ErrPermission):
		cause = failure.NotPermitted
	}
	return failure.Over(err, cause, msg.PathFailed(path, err.Error()))
}
