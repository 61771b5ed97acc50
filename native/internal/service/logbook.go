package service

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// keptBytes bounds the lines that are kept, and shownBytes those of one answer, which has to fit into a message.
	keptBytes, shownBytes = 256 << 10, 160 << 10
	// keptLines bounds their number.
	keptLines = 2048
	noOwner   = -1
)

// Logbook keeps the service's last log lines in memory, each with the user whose session there was when it was written. So a user
// can read about their own session (`sag logs`) without being allowed to read the system's journal.
type Logbook struct {
	// owner is the user id of the session that there is, or noOwner.
	owner atomic.Int64

	mu    sync.Mutex
	lines []logLine
	bytes int
	last  uint64
}

type logLine struct {
	number uint64
	owner  int64
	text   string
}

// NewLogbook has a logger's lines kept. They are JSON, and go to out as well.
func NewLogbook(out io.Writer, options *slog.HandlerOptions) (*Logbook, *slog.Logger) {
	b := &Logbook{}
	b.owner.Store(noOwner)
	return b, slog.New(slog.NewJSONHandler(io.MultiWriter(out, b), options))
}

// Write implements io.Writer: slog writes one line at a time.
func (b *Logbook) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.lines = append(b.lines, logLine{b.last, b.owner.Load(), string(bytes.TrimSuffix(text, []byte("\n")))})
	b.bytes += len(text)
	for b.bytes > keptBytes || len(b.lines) > keptLines {
		b.bytes -= len(b.lines[0].text) + 1
		b.lines = b.lines[1:]
	}
	return len(text), nil
}

// belongsTo says which user's session there is from now on; noOwner = no session.
func (b *Logbook) belongsTo(owner int64) {
	if b != nil {
		b.owner.Store(owner)
	}
}

// read gives the lines after one: those of a user's own sessions, or all.
func (b *Logbook) read(after uint64, uid uint32, all bool) (lines []string, last uint64) {
	if b == nil {
		return nil, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	for _, line := range slices.Backward(b.lines) {
		if line.number <= after || size+len(line.text) > shownBytes {
			break
		}
		if all || line.owner == int64(uid) {
			lines = append(lines, line.text)
			size += len(line.text)
		}
	}
	slices.Reverse(lines)
	return lines, b.last
}

// ReadLog implements control.LogReader.
func (v *view) ReadLog(_ context.Context, after uint64) (lines []string, last uint64, err error) {
	lines, last = v.service.config.Logbook.read(after, v.caller.UID, v.may(readWholeLog) == nil)
	return lines, last, nil
}
