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
	// keptBytes bounds the lines that are kept. shownBytes bounds the lines of one response, which must fit into an RPC
	// message.
	keptBytes, shownBytes = 256 << 10, 160 << 10
	// keptLines bounds the number of lines.
	keptLines = 2048
	noOwner   = -1
)

// Logbook keeps the service's last log lines in memory, each with the owner of the session at that time. It lets users read
// about their own sessions (`sag logs`) without permission to read the system's journal.
type Logbook struct {
	// owner is the UID of the current session's owner, or noOwner.
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

// NewLogbook returns a logbook and its logger. The lines are JSON and are written to out, too.
func NewLogbook(out io.Writer, options *slog.HandlerOptions) (*Logbook, *slog.Logger) {
	b := &Logbook{}
	b.owner.Store(noOwner)
	return b, slog.New(slog.NewJSONHandler(io.MultiWriter(out, b), options))
}

// Write implements io.Writer. slog calls it once per line.
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

// belongsTo sets the owner of the following lines; noOwner = no session.
func (b *Logbook) belongsTo(owner int64) {
	if b != nil {
		b.owner.Store(owner)
	}
}

// read returns the lines after a number: those of a user's own sessions, or all.
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
