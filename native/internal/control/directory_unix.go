//go:build linux || darwin

package control

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// How long to wait for a former process to release a directory's lock, and how often to try.
const (
	lockTimeout = time.Second
	lockRetry   = 10 * time.Millisecond
)

// Permission bits that other users must not have.
const (
	anyAccess   = 0o077
	writeAccess = 0o022
)

// Directory creates dir if needed, checks that only this user has access to it, and locks it until release is called.
func Directory(dir string) (release func(), err error) {
	fd, err := open(dir, anyAccess, msg.DirectoryShared(dir))
	if err != nil {
		return nil, err
	}
	_ = unix.Close(fd)
	return lock(filepath.Join(dir, "lock"))
}

// SharedDirectory is Directory for one that other users may enter but not change.
func SharedDirectory(dir string) (release func(), err error) {
	// Created without access for other users, and opened to them after the check.
	fd, err := open(dir, writeAccess, msg.DirectoryWritable(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Fchmod(fd, 0o755); err != nil {
		return nil, refusal(dir, err)
	}
	return lock(filepath.Join(dir, "lock"))
}

// open opens a directory, and creates it if it is missing. It fails if it is another user's, or if other users have one of these
// rights.
func open(dir string, rights uint32, why msg.Message) (fd int, err error) {
	if !filepath.IsAbs(dir) {
		return 0, failure.New(failure.NotARealPath, msg.PathRelative(dir))
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return 0, refusal(dir, err)
	}
	// Checked by its descriptor, because the path may point elsewhere by then.
	fd, err = unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, failure.New(failure.NotARealPath, msg.PathNotDirectory(dir, err.Error()))
	}
	var stat unix.Stat_t
	if err = unix.Fstat(fd, &stat); err == nil && (int(stat.Uid) != os.Geteuid() || uint32(stat.Mode)&rights != 0) {
		err = failure.New(failure.NotPermitted, why)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, refusal(path, err)
	}
	// A process that ends answers its last callers before it releases its lock.
	for timeout := lockTimeout; unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil; timeout -= lockRetry {
		if timeout <= 0 {
			_ = file.Close()
			return nil, failure.New(failure.DataDirectoryInUse, msg.DirectoryInUse(filepath.Dir(path)))
		}
		time.Sleep(lockRetry)
	}
	return func() { _ = file.Close() }, nil
}
