// Package sampled logs what may happen thousands of times a second.
package sampled

import (
	"log/slog"
	"sync"
	"time"
)

// gap is how long a log says nothing more after each line.
const gap = 10 * time.Second

// Log says one line in ten seconds. The zero value with a logger is ready.
type Log struct {
	Logger *slog.Logger

	mu      sync.Mutex
	logged  time.Time
	skipped int
}

// Warn logs, with how often there was something to log that was not since the last time.
func (s *Log) Warn(message string, args ...any) {
	s.mu.Lock()
	if !s.logged.IsZero() && time.Since(s.logged) < gap {
		s.skipped++
		s.mu.Unlock()
		return
	}
	skipped := s.skipped
	s.logged, s.skipped = time.Now(), 0
	s.mu.Unlock()
	s.Logger.Warn(message, append(args, "notLogged", skipped)...)
}
