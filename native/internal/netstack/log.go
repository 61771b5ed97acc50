package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

// silence keeps gVisor's own log off standard error, which carries JSON lines only.
type silence struct{}

// Emit implements log.Emitter.
func (silence) Emit(int, log.Level, time.Time, string, ...any) {}

func init() { log.SetTarget(silence{}) }
