package dns

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
)

// confPath is what the C library reads.
const confPath = "/etc/resolv.conf"

// maxConf is the most that is read of it, bytes.
const maxConf = 1 << 20

// realPath is the file behind all symbolic links. A file that is not there yet has a path as well.
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", fmt.Errorf("%s leads to a file that is not there", path)
	}
	return path, nil
}

// readFile gives what is in it; fs.ErrNotExist if there is no such file.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxConf {
		return "", errors.Join(err, fmt.Errorf("%s is no ordinary file", path))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxConf))
	return string(text), err
}

// setFile puts our lines into a file.
func setFile(path string, resolver netip.Addr) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return refused(path, fmt.Errorf("%s leads to a file that is not there", path))
	}
	text, err := readFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return refused(path, err)
	}
	_, made := WithoutOurs(text)
	with := WithOurs(text, resolver, missing || made)
	if with == text {
		return nil
	}
	if err := replace(path, with); err != nil {
		return refused(path, err)
	}
	return nil
}

// unsetFile takes our lines out of a file, and says whether there were any.
func unsetFile(path string) (bool, error) {
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	without, forget := WithoutOurs(text)
	switch {
	case without == text:
		return false, nil
	case forget:
		err = os.Remove(path)
	default:
		err = replace(path, without)
	}
	if err != nil {
		return false, refused(path, err)
	}
	return true, nil
}

func refused(path string, err error) error {
	if immutable(path) {
		return fmt.Errorf("%w: %s is protected against every change; \"chattr -i %s\" ends that", ErrReadOnly, path, path)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// replace puts a whole new file in the place of the old one, with its owner and mode. Where that can not be, because the file
// is mounted on its own as containers have it, it is written in place.
func replace(path, text string) error {
	info, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".resolv.conf.sag-*")
	if err == nil {
		err = fill(fresh, text, info)
		if err == nil {
			err = os.Rename(fresh.Name(), path)
		}
		if err == nil {
			return nil
		}
		_ = os.Remove(fresh.Name())
	}
	if missing {
		return err
	}
	return overwrite(path, text)
}

func fill(fresh *os.File, text string, like fs.FileInfo) error {
	mode := fs.FileMode(0o644)
	var err error
	if like != nil {
		mode = like.Mode().Perm()
		err = sameOwner(fresh, like)
	}
	if err == nil {
		err = fresh.Chmod(mode)
	}
	if err == nil {
		_, err = fresh.WriteString(text)
	}
	if err == nil {
		err = fresh.Sync()
	}
	return errors.Join(err, fresh.Close())
}

// overwrite writes into the file that is there: all at once, then what was longer is cut off.
func overwrite(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(text), 0)
	if err == nil {
		err = file.Truncate(int64(len(text)))
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
