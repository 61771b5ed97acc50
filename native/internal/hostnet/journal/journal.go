// Package journal stores changes to the host that outlive the process, so that they can be undone after a crash. A change is
// written to disk before it is made. System mode and the access point each use it for their own changes. The file is a sequence
// of framed records; if it is truncated or its end is damaged, every record before that can still be read.
package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"sag.software/native/internal/msg"
)

const (
	fileName = "journal"
	// magic begins each record, version included.
	magic = "SAGJ\x01"
	// frame is the size of magic, length and checksum of the body, bytes.
	frame = len(magic) + 8
	// maxRecord limits the size of a record that is read, bytes.
	maxRecord = 8 << 20
	// compactAbove is the file size from which Forget rewrites the file, bytes.
	compactAbove = 256 << 10
)

// ErrNotSupported is returned on operating systems without an implementation.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedJournal()}

// Change is a change that a journal stores. It must be readable from JSON.
type Change interface {
	// Key is equal for two changes exactly if they are the same.
	Key() string
	// Whole is true for a change that this version can undo. Others come from journals of other versions and are ignored.
	Whole() bool
}

// Entry is a change that was made, or was about to be made.
type Entry[C Change] struct {
	// Boot is the ID of the boot in which it was made.
	Boot   string `json:"boot"`
	Change C      `json:"change"`
}

type record[C Change] struct {
	// Do are changes that are about to be made.
	Do []Entry[C] `json:"do,omitempty"`
	// Undone are keys of changes that were undone.
	Undone []string `json:"undone,omitempty"`
}

// Journal is the open and locked file.
type Journal[C Change] struct {
	dir     string
	file    *os.File
	entries []Entry[C]
	size    int64
	torn    bool
}

// ErrLocked means that another process, such as a running service, has the journal open.
var ErrLocked error = &msg.Error{Message: msg.JournalInUse()}

// Open opens or creates the journal in a directory that only root can access, and reads it.
func Open[C Change](dir string) (*Journal[C], error) {
	if err := secureDir(dir); err != nil {
		return nil, err
	}
	file, err := openLocked(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	j := &Journal[C]{dir: dir, file: file}
	if err := j.read(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return j, nil
}

// openLocked opens the file and locks it. The previous holder may replace the file (compact) between the two, so it checks that
// the locked file is still the one at path.
func openLocked(path string) (*os.File, error) {
	for {
		file, err := openFile(path)
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		if err := lock(file); err != nil {
			_ = file.Close()
			return nil, err
		}
		opened, err := file.Stat()
		there, failed := os.Lstat(path)
		if err == nil && failed == nil && os.SameFile(opened, there) {
			return file, nil
		}
		_ = file.Close()
		if err = errors.Join(err, failed); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
}

// Entries returns the changes that were made and not undone, in the order in which they were made.
func (j *Journal[C]) Entries() []Entry[C] { return append([]Entry[C](nil), j.entries...) }

// Torn is true if the file did not end with a complete record. Records may be lost then, so the caller has to look for leftovers.
func (j *Journal[C]) Torn() bool { return j.torn }

// Size returns the file size, bytes.
func (j *Journal[C]) Size() int64 { return j.size }

// Append writes changes that are about to be made. They are on disk when it returns without an error.
func (j *Journal[C]) Append(entries []Entry[C]) error {
	if len(entries) == 0 {
		return nil
	}
	if err := j.write(record[C]{Do: entries}); err != nil {
		return err
	}
	j.entries = append(j.entries, entries...)
	return nil
}

// Forget removes changes that were undone. Losing this record does no harm, because undoing is idempotent.
func (j *Journal[C]) Forget(changes []C) error {
	gone := map[string]bool{}
	var keys []string
	for _, c := range changes {
		gone[c.Key()] = true
		keys = append(keys, c.Key())
	}
	var left []Entry[C]
	for _, e := range j.entries {
		if !gone[e.Change.Key()] {
			left = append(left, e)
		}
	}
	if len(left) == 0 {
		return j.Clear()
	}
	if len(left) == len(j.entries) {
		return nil
	}
	j.entries = left
	if j.size > compactAbove {
		return j.compact()
	}
	return j.write(record[C]{Undone: keys})
}

// Clear empties the journal after everything was undone. It needs no disk space.
func (j *Journal[C]) Clear() error {
	j.entries, j.torn = nil, false
	if j.size == 0 {
		return nil
	}
	if err := j.file.Truncate(0); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.size = 0
	return j.file.Sync()
}

// Close closes the file and releases the lock.
func (j *Journal[C]) Close() error { return j.file.Close() }

func (j *Journal[C]) write(r record[C]) error {
	bytes, err := encode(r)
	if err != nil {
		return err
	}
	if _, err := j.file.WriteAt(bytes, j.size); err != nil {
		// An incomplete record is ignored when reading, but no record must follow it.
		_ = j.file.Truncate(j.size)
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.size += int64(len(bytes))
	return nil
}

// compact writes the remaining entries to a new file and replaces the old one.
func (j *Journal[C]) compact() error {
	bytes, err := encode(record[C]{Do: j.entries})
	if err != nil {
		return err
	}
	path := filepath.Join(j.dir, fileName)
	fresh, err := openFile(path + ".new")
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	put := func() error {
		if err := errors.Join(lock(fresh), fresh.Truncate(0)); err != nil {
			return err
		}
		if _, err := fresh.WriteAt(bytes, 0); err != nil {
			return err
		}
		if err := fresh.Sync(); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}
	if err := put(); err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), fresh.Close(), os.Remove(path+".new"))
	}
	_ = j.file.Close()
	j.file, j.size = fresh, int64(len(bytes))
	return syncDir(j.dir)
}

func encode[C Change](r record[C]) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if len(body) > maxRecord {
		return nil, &msg.Error{Message: msg.JournalRecordTooLong(strconv.Itoa(len(body)))}
	}
	out := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(out[len(magic):], uint32(len(body)))
	binary.BigEndian.PutUint32(out[len(magic)+4:], crc32.ChecksumIEEE(body))
	return append(out, body...), nil
}

// read reads all complete records and truncates the rest.
func (j *Journal[C]) read() error {
	bytes, err := io.ReadAll(io.LimitReader(j.file, 64<<20))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	entries, whole := Decode[C](bytes)
	j.size, j.torn = int64(whole), whole < len(bytes)
	j.entries = slices.DeleteFunc(entries, func(e Entry[C]) bool { return !e.Change.Whole() })
	if j.torn {
		return j.file.Truncate(j.size)
	}
	return nil
}

// Decode returns the changes in force after the complete records, and the size of these, bytes.
func Decode[C Change](bytes []byte) ([]Entry[C], int) {
	var entries []Entry[C]
	whole := 0
	for {
		rest := bytes[whole:]
		if len(rest) < frame || string(rest[:len(magic)]) != magic {
			return entries, whole
		}
		length := int(binary.BigEndian.Uint32(rest[len(magic):]))
		if length > maxRecord || len(rest)-frame < length {
			return entries, whole
		}
		body := rest[frame : frame+length]
		var r record[C]
		if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(rest[len(magic)+4:]) || json.Unmarshal(body, &r) != nil {
			return entries, whole
		}
		entries = r.apply(entries)
		whole += frame + length
	}
}

func (r record[C]) apply(entries []Entry[C]) []Entry[C] {
	entries = append(entries, r.Do...)
	if len(r.Undone) == 0 {
		return entries
	}
	gone := map[string]bool{}
	for _, key := range r.Undone {
		gone[key] = true
	}
	var left []Entry[C]
	for _, e := range entries {
		if !gone[e.Change.Key()] {
			left = append(left, e)
		}
	}
	return left
}
