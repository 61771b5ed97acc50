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

// confPath is the configuration of the C library's resolver (resolv.conf(5)).
const confPath = "/etc/resolv.conf"

// maxConf is the maximum size of the file, bytes.
const maxConf = 1 << 20

// realPath resolves symbolic links. It also returns a path for a file that does not exist.
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

// readFile returns the content of a regular file; fs.ErrNotExist if there is none.
func readFile(path string) (string, error) {
	// O_NONBLOCK, because opening a named pipe would block.
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

// setFile adds this program's lines to a file.
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

// unsetFile removes this program's lines from a file, and reports whether there were any.
func unsetFile(path string) (bool, error) {
	// A killed process may have left its temporary file.
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
