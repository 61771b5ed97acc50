package reconcile

import (
	"errors"
	"syscall"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/journal"
	"sag.software/native/internal/hostnet/plan"
)

// Cause returns the cause of a failure to change the host.
func Cause(err error) failure.Cause {
	for _, c := range []struct {
		is    error
		cause failure.Cause
	}{
		// More specific errors come first, because they wrap the others.
		{dns.ErrReadOnly, failure.StorageReadonly},
		{dns.ErrRefused, failure.DNSUnavailable},
		{forward.ErrNoPort, failure.PortInUse},
		{syscall.ENOSPC, failure.StorageFull},
		{syscall.EDQUOT, failure.StorageFull},
		{syscall.EROFS, failure.StorageReadonly},
		{hostnet.ErrConflict, failure.VPNConflict},
		{plan.ErrNoRoomBefore, failure.VPNConflict},
		{journal.ErrLocked, failure.DataDirectoryInUse},
		{syscall.EPERM, failure.NotPermitted},
		{syscall.EACCES, failure.NotPermitted},
	} {
		if errors.Is(err, c.is) {
			return c.cause
		}
	}
	return failure.Unknown
}
