// Package sampled limits the rate of log lines for events that can happen thousands of times a second.
package sampled

import (
	"log/slog"
	"sync"
	"time"
)

// gap is the shortest time between two lines.
const gap = 10 * time.Second

// Log writes at most one line per gap. The zero value with a Logger is ready to use.
type Log struct {
	Logger *slog.Logger

	mu      sync.Mutex
	logged  time.Time
	skipped int
}

// Warn logs a line with the number of lines that were suppressed before it.
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
