package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/device"
)

// quiet is how long wireguard-go keeps still after a warning of one kind: while a network is away, every packet is one.
const quiet = 30 * time.Second

// logger writes wireguard-go's own words: its errors are warnings to us (a packet that could not be sent), the rest is
// for debugging. It never says keys.
func logger(to *slog.Logger) *device.Logger {
	if to == nil {
		return &device.Logger{Verbosef: device.DiscardLogf, Errorf: device.DiscardLogf}
	}
	var mu sync.Mutex
	said := map[string]time.Time{} // by format, of which there are few
	return &device.Logger{
		Verbosef: func(format string, args ...any) {
			if to.Enabled(context.Background(), slog.LevelDebug) {
				to.Debug(fmt.Sprintf(format, args...))
			}
		},
		Errorf: func(format string, args ...any) {
			mu.Lock()
			now := time.Now()
			again := now.Sub(said[format]) < quiet
			if !again {
				said[format] = now
			}
			mu.Unlock()
			if !again {
				to.Warn(fmt.Sprintf(format, args...))
			}
		},
	}
}
