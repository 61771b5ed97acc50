package dns

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sag.software/native/internal/msg"
)

// maxEdits is how often a file is read again after another program has written it.
const maxEdits = 5

// errChanged means that another program has written the file since it was read.
var errChanged error = &msg.Error{Message: msg.DNSFileWritten()}

// edit changes a file and reports whether the content changed. `to` returns the new content, and whether the file is kept at all.
// It starts again if another program writes the file at the same time.
func edit(path string, to func(text string, missing bool) (string, bool)) (bool, error) {
	for try := 1; ; try++ {
		was, err := readFile(path)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			return false, err
		}
		text, keep := to(was, missing)
		switch {
		case text == was:
			return false, nil
		case keep:
			err = replace(path, text, was)
		default:
			err = os.Remove(path)
		}
		if errors.Is(err, errChanged) && try < maxEdits {
			continue
		}
		return err == nil, err
	}
}

// freshPath is the temporary file that replaces the old one. Only one process at a time may write it.
func freshPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".sag-tunnel")
}

// replace replaces a file atomically and keeps its owner, mode and attributes. If that is not possible, as with a bind mount in a
// container, the file is written in place. It returns errChanged if the content is no longer `was`.
func replace(path, text, was string) error {
	info, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	fresh := freshPath(path)
	_ = os.Remove(fresh)
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = fill(file, path, text, info)
		if err == nil && !isUnchanged(path, was) {
			err = errChanged
		}
		if err == nil {
			err = os.Rename(fresh, path)
		}
		if err == nil {
			return nil
		}
		_ = os.Remove(fresh)
	}
	if missing || errors.Is(err, errChanged) {
		return err
	}
	return overwrite(path, text, was)
}

// isUnchanged is true if the content of a file is `was`. A missing file counts as empty.
func isUnchanged(path, was string) bool {
	text, err := readFile(path)
	return (err == nil || errors.Is(err, fs.ErrNotExist)) && text == was
}

// fill writes the text to a new file with the owner, mode and attributes of the existing one.
func fill(fresh *os.File, path, text string, like fs.FileInfo) error {
	mode := fs.FileMode(0o644)
	var err error
	if like != nil {
		mode = like.Mode().Perm()
		err = sameOwner(fresh, like)
	}
	if err == nil {
		err = fresh.Chmod(mode)
	}
	if err == nil && like != nil {
		sameAttributes(fresh, path)
	}
	if err == nil {
		_, err = fresh.WriteString(text)
	}
	if err == nil {
		err = fresh.Sync()
	}
	return errors.Join(err, fresh.Close())
}

// overwrite writes into the existing file and then truncates it. If the disk is full, it restores the old text.
func overwrite(path, text, was string) error {
	if !isUnchanged(path, was) {
		return errChanged
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = write(file, text)
	if err != nil {
		err = errors.Join(err, write(file, was))
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func write(file *os.File, text string) error {
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return file.Truncate(int64(len(text)))
}
