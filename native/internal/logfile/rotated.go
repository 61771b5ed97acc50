package logfile

import (
	"os"
	"strconv"
	"sync"
)

// Rotated appends to a file and starts another one when it is full.
type Rotated struct {
	path string
	// max is the size of one file, bytes; kept is the number of files, the current one included.
	max    int64
	kept   int
	opened func(*os.File)

	mu   sync.Mutex
	file *os.File
	size int64
}

// OpenRotated appends to the file at path, which only its owner may read. max is the size of one file in bytes; kept is the number of files: the
// current one, PATH.1 and so on.
func OpenRotated(path string, max int64, kept int) (*Rotated, error) {
	r := &Rotated{path: path, max: max, kept: kept, opened: func(*os.File) {}}
	if err := r.reopen(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rotated) reopen() error {
	file, err := os.OpenFile(r.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	if r.file != nil {
		_ = r.file.Close()
	}
	r.file, r.size = file, info.Size()
	r.opened(file)
	return nil
}

// Write writes whole lines. If the disk is full, it writes none of them.
func (r *Rotated) Write(lines []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > 0 && r.size+int64(len(lines)) > r.max {
		r.rotate()
	}
	n, err := r.file.Write(lines)
	if err != nil && n > 0 && r.file.Truncate(r.size) == nil {
		n = 0
	}
	r.size += int64(n)
	return n, err
}

// Close closes the file.
func (r *Rotated) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}

// rotate starts a new file. On failure the current file is used further.
func (r *Rotated) rotate() {
	name := func(i int) string { return r.path + "." + strconv.Itoa(i) }
	for i := r.kept - 1; i > 1; i-- {
		_ = os.Rename(name(i-1), name(i))
	}
	if os.Rename(r.path, name(1)) == nil {
		_ = r.reopen()
	}
}
