package reconcile

import (
	"errors"
	"syscall"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/dns/forward"
	"sag.software/native/internal/system/journal"
	"sag.software/native/internal/system/plan"
)

// Cause is the cause code of a failure to change the machine.
func Cause(err error) typesv1.Cause {
	for _, c := range []struct {
		is    error
		cause typesv1.Cause
	}{
		// Before what they were refused with.
		{dns.ErrReadOnly, typesv1.Cause_CAUSE_STORAGE_READONLY},
		{dns.ErrRefused, typesv1.Cause_CAUSE_DNS_UNAVAILABLE},
		{forward.ErrNoPort, typesv1.Cause_CAUSE_PORT_IN_USE},
		{syscall.ENOSPC, typesv1.Cause_CAUSE_STORAGE_FULL},
		{syscall.EDQUOT, typesv1.Cause_CAUSE_STORAGE_FULL},
		{syscall.EROFS, typesv1.Cause_CAUSE_STORAGE_READONLY},
		{system.ErrConflict, typesv1.Cause_CAUSE_VPN_CONFLICT},
		{plan.ErrNoRoomBefore, typesv1.Cause_CAUSE_VPN_CONFLICT},
		{journal.ErrLocked, typesv1.Cause_CAUSE_DATA_DIRECTORY_IN_USE},
		{syscall.EPERM, typesv1.Cause_CAUSE_NOT_PERMITTED},
		{syscall.EACCES, typesv1.Cause_CAUSE_NOT_PERMITTED},
	} {
		if errors.Is(err, c.is) {
			return c.cause
		}
	}
	return typesv1.Cause_CAUSE_UNKNOWN
}
