// Package journal remembers what a program has changed on the host and what does not end with the program, so that it can be undone
// after whatever happens. What is about to be changed is on disk before it is changed. System mode and the access point use it, each for
// changes of its own. The file is a sequence of framed records; a file that was cut anywhere, or whose end is rubbish, gives back every
// record before that.
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
	// frame is magic, length of the body and checksum of it.
	frame = len(magic) + 8
	// maxRecord caps what a length field can make us read, bytes.
	maxRecord = 8 << 20
	// compactAbove is the size from which a forgetting rewrites the file, bytes.
	compactAbove = 256 << 10
)

// ErrNotSupported is the error on operating systems that this is not written for.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedJournal()}

// Change is what a journal remembers. It has to be readable from JSON.
type Change interface {
	// Key is the same for two changes exactly if they are the same change.
	Key() string
	// Whole is true for a change that this version understands. Others come from journals of other versions, and are passed over.
	Whole() bool
}

// Entry is one change that was made, or was about to be.
type Entry[C Change] struct {
	// Boot is the id of the boot it was made in.
	Boot   string `json:"boot"`
	Change C      `json:"change"`
}

type record[C Change] struct {
	// Do are changes that are about to be made.
	Do []Entry[C] `json:"do,omitempty"`
	// Undone are keys of changes that are no more.
	Undone []string `json:"undone,omitempty"`
}

// Journal is the open file. Whoever has it open holds its lock.
type Journal[C Change] struct {
	dir     string
	file    *os.File
	entries []Entry[C]
	size    int64
	torn    bool
}

// ErrLocked means that another process has the journal open: a service that is alive.
var ErrLocked error = &msg.Error{Message: msg.JournalInUse()}

// Open opens or makes the journal in a directory that only root can enter, and reads what is in it.
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

// openLocked opens the file and locks it. While one waits between the two, the holder may put another file in its place
// (compact): a lock on a file that was replaced excludes no other process.
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

// Entries are the changes that were made and not undone, in the order in which they were made.
func (j *Journal[C]) Entries() []Entry[C] { return append([]Entry[C](nil), j.entries...) }

// Torn is true if the file did not end with a whole record: something was lost, and leftovers have to be looked for.
func (j *Journal[C]) Torn() bool { return j.torn }

// Size of the file, bytes.
func (j *Journal[C]) Size() int64 { return j.size }

// Append has the changes on disk when it answers. Only then may they be made.
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

// Forget drops changes that are undone. It is no harm if it gets lost: undoing twice is undoing once.
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

// Clear empties the journal: everything is undone. It needs no space on the disk.
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

// Close gives the lock back.
func (j *Journal[C]) Close() error { return j.file.Close() }

func (j *Journal[C]) write(r record[C]) error {
	bytes, err := encode(r)
	if err != nil {
		return err
	}
	if _, err := j.file.WriteAt(bytes, j.size); err != nil {
		// Half a record is as good as none, but the next one must not follow it.
		_ = j.file.Truncate(j.size)
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.size += int64(len(bytes))
	return nil
}

// compact writes what is left into a new file and puts it in the place of the old one.
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

// read takes every whole record from the beginning, and cuts off what follows.
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

// Decode gives the changes in force after the whole records at the beginning, and how many bytes those take.
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
