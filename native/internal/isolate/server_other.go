//go:build !linux

package isolate

import (
	"errors"
	"log/slog"

	"sag.software/native/internal/proxy/dialer"
)

// Serve is not supported on this operating system, which has no network namespaces.
func Serve(string, func() dialer.Intranet, *slog.Logger) (stop func(), err error) {
	return nil, errors.ErrUnsupported
}
