//go:build linux

package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

func TestSharedDirectory(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		prepare func(path string) error
		want    typesv1.Cause
	}{
		"made when missing": {func(string) error { return nil }, 0},
		"there already":     {func(p string) error { return os.Mkdir(p, 0o755) }, 0},
		"writable by others": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o777), os.Chmod(p, 0o777))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"writable by a group": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o775), os.Chmod(p, 0o775))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"somebody else's": {func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chown(p, 65534, 65534))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"a link": {func(p string) error { return os.Symlink("/tmp", p) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"a file": {func(p string) error { return os.WriteFile(p, nil, 0o600) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "somebody else's" && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			path := filepath.Join(base, strings.ReplaceAll(name, " ", "-"))
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := SharedDirectory(path)
			if failure.Cause(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := SharedDirectory(path); failure.Cause(err) != typesv1.Cause_CAUSE_DATA_DIRECTORY_IN_USE {
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
		want    typesv1.Cause
	}{
		"made when missing": {"new", func(string) error { return nil }, 0},
		"there already":     {"old", func(p string) error { return os.Mkdir(p, 0o700) }, 0},
		"readable by others": {"open", func(p string) error {
			return firstOf(os.Mkdir(p, 0o755), os.Chmod(p, 0o755))
		}, typesv1.Cause_CAUSE_NOT_PERMITTED},
		"a link":                  {"link", func(p string) error { return os.Symlink("/tmp", p) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"a file":                  {"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, typesv1.Cause_CAUSE_NOT_A_REAL_PATH},
		"below something missing": {"no/such", func(string) error { return nil }, typesv1.Cause_CAUSE_UNKNOWN},
		"a linked lock": {"lock", func(p string) error {
			return firstOf(os.Mkdir(p, 0o700), os.Symlink(filepath.Join(base, "victim"), filepath.Join(p, "lock")))
		}, typesv1.Cause_CAUSE_UNKNOWN},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(base, c.path)
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			release, err := Directory(path)
			if failure.Cause(err) != c.want {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if _, err := Directory(path); failure.Cause(err) != typesv1.Cause_CAUSE_DATA_DIRECTORY_IN_USE {
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
	if _, err := Directory("relative"); failure.Cause(err) != typesv1.Cause_CAUSE_NOT_A_REAL_PATH {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(filepath.Join(base, "victim")); err == nil {
		t.Error("a link was followed")
	}
}

// A connect right after a disconnect meets the process that is leaving: its socket is gone, its lock not yet.
func TestADirectoryThatIsBeingLeftIsWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "abcd")
	release, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(5*leavingStep, release)
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
