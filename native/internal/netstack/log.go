package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

// silence discards gVisor's log, because standard error must contain JSON lines only.
type silence struct{}

// Emit implements log.Emitter.
func (silence) Emit(int, log.Level, time.Time, string, ...any) {}

func init() { log.SetTarget(silence{}) }
