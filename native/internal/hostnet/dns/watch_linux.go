package dns

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	inFolder = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_CLOSE_WRITE
	inFile   = unix.IN_CLOSE_WRITE | unix.IN_ATTRIB | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
)

// watchFiles notifies of every change of a file: when it is written or replaced, or a symbolic link to it changes.
func watchFiles(ctx context.Context, path string, notify func()) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("inotify: %w", err)
	}
	queue := os.NewFile(uintptr(fd), "inotify")
	context.AfterFunc(ctx, func() { _ = queue.Close() })
	raw, err := queue.SyscallConn()
	if err != nil {
		return err
	}
	watch := func(fd uintptr) {
		// A missing file cannot be watched, but its directory can. Adding an existing watch again has no effect.
		_, _ = unix.InotifyAddWatch(int(fd), filepath.Dir(path), inFolder)
		if real, err := realPath(path); err == nil {
			// A bind-mounted file has no events in its directory.
			_, _ = unix.InotifyAddWatch(int(fd), real, inFile)
			if folder := filepath.Dir(real); folder != filepath.Dir(path) {
				_, _ = unix.InotifyAddWatch(int(fd), folder, inFolder)
			}
		}
	}
	if err := raw.Control(watch); err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 16<<10)
		for {
			// Events are not filtered by file name, because a check costs less.
			if _, err := queue.Read(buffer); err != nil || raw.Control(watch) != nil {
				return
			}
			notify()
		}
	}()
	return nil
}
