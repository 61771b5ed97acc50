package dns

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sag.software/native/internal/msg"
)

// edits is how often a file is read anew because somebody else has written into it meanwhile.
const edits = 5

// errChanged means that somebody else has written into the file meanwhile.
var errChanged error = &msg.Error{Message: msg.DNSFileWritten()}

// edit changes a file by what is in it, and says whether that made a difference. `to` gives the new text, and whether there is to
// be a file at all. What others write at the same time is not lost.
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
		if errors.Is(err, errChanged) && try < edits {
			continue
		}
		return err == nil, err
	}
}

// freshPath is where a new file is written before it takes the old one's place; only one process does that at a time.
func freshPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".sag-tunnel")
}

// replace puts a whole new file in the place of the old one, with its owner, mode and attributes. Where that can not be, because
// the file is mounted on its own as containers have it, it is written in place. errChanged if the old one is not as it `was`.
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
		if err == nil && !still(path, was) {
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

// still is true if a file is as it was; one that is not there has no text.
func still(path, was string) bool {
	text, err := readFile(path)
	return (err == nil || errors.Is(err, fs.ErrNotExist)) && text == was
}

// fill makes a new file of the text, like that which is at a path already.
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

// overwrite writes into the file that is there: all at once, then what was longer is cut off. If there is no room for it all, the
// old text is put back, for which there was room.
func overwrite(path, text, was string) error {
	if !still(path, was) {
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
