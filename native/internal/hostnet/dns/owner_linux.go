package dns

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// immutableFlag is FS_IMMUTABLE_FL: `chattr +i`.
const immutableFlag = 0x10

// immutable is true for a file that even root cannot change.
func immutable(path string) bool {
	// O_NONBLOCK, because opening a named pipe would block.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	flags, err := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	return err == nil && flags&immutableFlag != 0
}

// sameOwner sets the owner of a file to that of another.
func sameOwner(file *os.File, like fs.FileInfo) error {
	stat, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() && int(stat.Gid) == os.Getegid() {
		return nil
	}
	err := file.Chown(int(stat.Uid), int(stat.Gid))
	if errors.Is(err, fs.ErrPermission) {
		// The service may lack CAP_CHOWN. It is enough that programs can read the file.
		return nil
	}
	return err
}

// sameAttributes copies extended attributes as far as permitted: SELinux labels, ACLs.
func sameAttributes(file *os.File, path string) {
	const enough = 64 << 10
	names := make([]byte, enough)
	n, err := unix.Listxattr(path, names)
	if err != nil {
		return
	}
	value := make([]byte, enough)
	for name := range strings.SplitSeq(string(names[:n]), "\x00") {
		if name == "" {
			continue
		}
		if n, err := unix.Getxattr(path, name, value); err == nil {
			_ = unix.Fsetxattr(int(file.Fd()), name, value[:n], 0)
		}
	}
}
