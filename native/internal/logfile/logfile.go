// Package logfile writes log lines to a rotated file and adds the session to each line.
package logfile

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	// MaxSize of one file, bytes.
	MaxSize = 5 << 20
	// Kept is the number of files: the current one, FILE.1 and so on. FILE.1 is the youngest of the old ones.
	Kept = 3
)

// File is an io.Writer. Lines that cannot be written are dropped: a full disk must not stop a tunnel.
type File struct {
	path string
	max  int64

	mu   sync.Mutex
	file *os.File
	size int64
}

// Open appends to the file at path, which only its owner may read.
func Open(path string) (*File, error) { return open(path, MaxSize) }

func open(path string, max int64) (*File, error) {
	f := &File{path: path, max: max}
	if err := f.reopen(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) reopen() error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file, f.size = file, info.Size()
	// The runtime writes the stack trace of a crash to this file, too.
	_ = debug.SetCrashOutput(file, debug.CrashOptions{})
	return nil
}

// Write writes whole lines. It reports success even if the disk is full.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.size > 0 && f.size+int64(len(line)) > f.max {
		f.rotate()
	}
	n, _ := f.file.Write(line)
	f.size += int64(n)
	return len(line), nil
}

// rotate starts a new file. On failure the current file is used further.
func (f *File) rotate() {
	name := func(i int) string { return f.path + "." + strconv.Itoa(i) }
	for i := Kept - 1; i > 1; i-- {
		_ = os.Rename(name(i-1), name(i))
	}
	if os.Rename(f.path, name(1)) == nil {
		_ = f.reopen()
	}
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
