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

// How long a former holder of a directory is given to be gone.
const (
	leaving     = time.Second
	leavingStep = 10 * time.Millisecond
)

// What others may do with a directory.
const (
	anything = 0o077
	writing  = 0o022
)

// Directory makes sure that only this user has access to dir, and holds it for this process until the
// returned function is called.
func Directory(dir string) (release func(), err error) {
	fd, err := open(dir, anything, msg.DirectoryShared(dir))
	if err != nil {
		return nil, err
	}
	_ = unix.Close(fd)
	return lock(filepath.Join(dir, "lock"))
}

// SharedDirectory is Directory for one that others may enter but not change.
func SharedDirectory(dir string) (release func(), err error) {
	// First closed to other users, then open for all to enter.
	fd, err := open(dir, writing, msg.DirectoryWritable(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Fchmod(fd, 0o755); err != nil {
		return nil, refusal(dir, err)
	}
	return lock(filepath.Join(dir, "lock"))
}

// open opens a directory of this user's, which is made if it is missing. It is refused if others have any of these rights.
func open(dir string, rights uint32, why msg.Message) (fd int, err error) {
	if !filepath.IsAbs(dir) {
		return 0, failure.New(failure.NotARealPath, msg.PathRelative(dir))
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return 0, refusal(dir, err)
	}
	// Opened once, and judged by what was opened: a path may change meanwhile.
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
	// A process that ends has answered its callers before its lock is gone.
	for patience := leaving; unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil; patience -= leavingStep {
		if patience <= 0 {
			_ = file.Close()
			return nil, failure.New(failure.DataDirectoryInUse, msg.DirectoryInUse(filepath.Dir(path)))
		}
		time.Sleep(leavingStep)
	}
	return func() { _ = file.Close() }, nil
}
