package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/device"
)

// quiet is how long warnings of one kind are suppressed after the first, because without a network every packet causes one.
const quiet = 30 * time.Second

// logger forwards wireguard-go's log. Its errors become warnings, because they are mostly packets that could not be sent; the
// rest is logged at Debug. It contains no keys.
func logger(to *slog.Logger) *device.Logger {
	if to == nil {
		return &device.Logger{Verbosef: device.DiscardLogf, Errorf: device.DiscardLogf}
	}
	var mu sync.Mutex
	logged := map[string]time.Time{} // by format, of which there are few
	return &device.Logger{
		Verbosef: func(format string, args ...any) {
			if to.Enabled(context.Background(), slog.LevelDebug) {
				to.Debug(fmt.Sprintf(format, args...))
			}
		},
		Errorf: func(format string, args ...any) {
			mu.Lock()
			now := time.Now()
			again := now.Sub(logged[format]) < quiet
			if !again {
				logged[format] = now
			}
			mu.Unlock()
			if !again {
				to.Warn(fmt.Sprintf(format, args...))
			}
		},
	}
}
