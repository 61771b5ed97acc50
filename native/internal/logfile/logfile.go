// Package logfile writes log lines to a rotated file and adds the session to each line.
package logfile

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
)

const (
	// MaxSize of one file, bytes.
	MaxSize = 5 << 20
	// Kept is the number of files: the current one, FILE.1 and so on. FILE.1 is the youngest of the old ones.
	Kept = 3
)

// File is an io.Writer. Lines that cannot be written are dropped: a full disk must not stop a tunnel.
type File struct{ *Rotated }

// Open appends to the file at path, which only its owner may read.
func Open(path string) (*File, error) { return open(path, MaxSize) }

func open(path string, max int64) (*File, error) {
	r := &Rotated{path: path, max: max, kept: Kept, opened: func(file *os.File) {
		// The runtime writes the stack trace of a crash to this file, too.
		_ = debug.SetCrashOutput(file, debug.CrashOptions{})
	}}
	if err := r.reopen(); err != nil {
		return nil, err
	}
	return &File{r}, nil
}

// Write writes whole lines. It reports success even if the disk is full.
func (f *File) Write(line []byte) (int, error) {
	_, _ = f.Rotated.Write(line)
	return len(line), nil
}

// Session is the session that log lines are about.
type Session struct{ id atomic.Pointer[string] }

// Set changes the session; "" = none.
func (s *Session) Set(id string) { s.id.Store(&id) }

// Named adds the session to every line.
func Named(under slog.Handler, session *Session) slog.Handler { return &named{under, session} }

type named struct {
	slog.Handler
	session *Session
}

func (n *named) Handle(ctx context.Context, r slog.Record) error {
	if id := n.session.id.Load(); id != nil && *id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("session", *id))
	}
	return n.Handler.Handle(ctx, r)
}

func (n *named) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &named{n.Handler.WithAttrs(attrs), n.session}
}

func (n *named) WithGroup(name string) slog.Handler {
	return &named{n.Handler.WithGroup(name), n.session}
}
