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

	"sag.software/native/internal/msg"
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
		return "", &msg.Error{Message: msg.FileDangling(path)}
	}
	return path, nil
}

// readFile gives what is in it; fs.ErrNotExist if there is no such file.
func readFile(path string) (string, error) {
	// Nobody waits for the other end of a pipe.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxConf {
		return "", errors.Join(err, &msg.Error{Message: msg.FileNotOrdinary(path)})
	}
	text, err := io.ReadAll(io.LimitReader(file, maxConf))
	return string(text), err
}

// setFile puts our lines into a file.
func setFile(path string, resolver netip.Addr, search []string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return refused(path, &msg.Error{Message: msg.FileDangling(path)})
	}
	_, err := edit(path, func(text string, missing bool) (string, bool) {
		_, made := WithoutOurs(text)
		return WithOurs(text, resolver, search, missing || made), true
	})
	if err != nil {
		return refused(path, err)
	}
	return nil
}

// unsetFile takes our lines out of a file, and says whether there were any.
func unsetFile(path string) (bool, error) {
	// A predecessor may have been killed before it put this in the file's place.
	_ = os.Remove(freshPath(path))
	there, err := edit(path, func(text string, _ bool) (string, bool) {
		without, forget := WithoutOurs(text)
		return without, !forget
	})
	if err != nil {
		return false, refused(path, err)
	}
	return there, nil
}

func refused(path string, err error) error {
	if immutable(path) {
		return &msg.Error{Message: msg.DNSFileProtected(path), Under: ErrReadOnly}
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
