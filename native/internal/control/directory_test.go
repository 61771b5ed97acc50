//go:build linux

package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/failure"
)

func TestSharedDirectory(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		prepare func(path string) error
		want    failure.Cause
	}{
		"made when missing": {func(string) error { return nil }, 0},
		"exists already":    {func(p string) error { return os.Mkdir(p, 0o755) }, 0},
		"writable by others": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o777), os.Chmod(p, 0o777))
		}, failure.NotPermitted},
		"writable by a group": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o775), os.Chmod(p, 0o775))
		}, failure.NotPermitted},
		"of another user": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chown(p, 65534, 65534))
		}, failure.NotPermitted},
		"a link": {func(p string) error { return os.Symlink("/tmp", p) }, failure.NotARealPath},
		"a file": {func(p string) error { return os.WriteFile(p, nil, 0o600) }, failure.NotARealPath},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "of another user" && os.Geteuid() != 0 {
				t.Skip("not run: needs root")
			}
			path := filepath.Join(base, strings.ReplaceAll(name, " ", "-"))
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := SharedDirectory(path)
			if failure.CauseOf(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := SharedDirectory(path); failure.CauseOf(err) != failure.DataDirectoryInUse {
				t.Errorf("a second one: %v", err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%v %v", info, err)
			}
			release()
		})
	}
}

func TestDirectory(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		path    string
		prepare func(path string) error
		want    failure.Cause
	}{
		"made when missing": {"new", func(string) error { return nil }, 0},
		"exists already":    {"old", func(p string) error { return os.Mkdir(p, 0o700) }, 0},
		"readable by others": {"open", func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chmod(p, 0o755))
		}, failure.NotPermitted},
		"a link":                  {"link", func(p string) error { return os.Symlink("/tmp", p) }, failure.NotARealPath},
		"a file":                  {"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, failure.NotARealPath},
		"below something missing": {"no/such", func(string) error { return nil }, failure.Unknown},
		"a linked lock": {"lock", func(p string) error {
			return firstOf(os.Mkdir(p, 0o700), os.Symlink(filepath.Join(base, "victim"), filepath.Join(p, "lock")))
		}, failure.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(base, c.path)
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := Directory(path)
			if failure.CauseOf(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := Directory(path); failure.CauseOf(err) != failure.DataDirectoryInUse {
				t.Errorf("a second one: %v", err)
			}
			release()
			again, err := Directory(path)
			if err != nil {
				t.Fatal(err)
			}
			again()
		})
	}
	if _, err := Directory("relative"); failure.CauseOf(err) != failure.NotARealPath {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(base, "victim")); err == nil {
		t.Error("a link was followed")
	}
}

// A connect right after a disconnect meets the former process, which has removed its socket but still holds its lock.
func TestDirectoryWaitsForTheFormerProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "abcd")
	release, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(5*lockRetry, release)
	next, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	next()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
